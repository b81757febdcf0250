"""What a task is, how it may change, and what its changes are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from task_svc import schedule
from task_svc.schedule import Alarm, Moment, Plan, Reminder


class Status(StrEnum):
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


# What may follow which status. What is blocked must be taken up before it can be done; what is closed must be reopened.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.TODO: frozenset({Status.IN_PROGRESS, Status.BLOCKED, Status.DONE, Status.CANCELLED}),
    Status.IN_PROGRESS: frozenset({Status.TODO, Status.BLOCKED, Status.DONE, Status.CANCELLED}),
    Status.BLOCKED: frozenset({Status.TODO, Status.IN_PROGRESS, Status.CANCELLED}),
    Status.DONE: frozenset({Status.TODO, Status.IN_PROGRESS}),
    Status.CANCELLED: frozenset({Status.TODO}),
}


CLOSED = frozenset({Status.DONE, Status.CANCELLED})


# Of how many former members a task knows.
MOST_DEPARTURES = 20


class IllegalTransitionError(Exception):
    """A status that cannot follow the task's present one."""

    def __init__(self, current: Status, wanted: Status) -> None:
        allowed = ", ".join(status for status in Status if status in TRANSITIONS[current])
        super().__init__(f"a task that is {current} cannot become {wanted}; it can become: {allowed}")


@dataclass(frozen=True, slots=True)
class Departure:
    """With which version of the task, and when, it was taken off somebody."""

    user_id: str
    time: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done. `version` counts the task's states, from 1; times are in UTC, in milliseconds. `pending` are the
    moments that are still to fire, the next one first, and `firings` counts how often some did: that makes no new version.
    `departures` are of those who are no members any more, the last ones of them."""

    id: str
    owner_id: str
    title: str
    create_time: datetime
    update_time: datetime
    description: str = ""
    status: Status = Status.TODO
    priority: Priority = Priority.MEDIUM
    due_time: datetime | None = None
    labels: tuple[str, ...] = ()
    assignee_id: str = ""
    complete_time: datetime | None = None
    reminders: tuple[Reminder, ...] = ()
    pending: tuple[Moment, ...] = ()
    firings: int = 0
    departures: tuple[Departure, ...] = ()
    version: int = 1

    @property
    def member_ids(self) -> tuple[str, ...]:
        """Whom the task concerns, each once: they see it and may change it."""
        return tuple(dict.fromkeys(filter(None, (self.owner_id, self.assignee_id))))

    @property
    def etag(self) -> str:
        return str(self.version)

    @property
    def plan(self) -> Plan:
        return Plan(self.due_time, self.reminders, is_open=self.status not in CLOSED)

    @classmethod
    def made(cls, task_id: str, owner_id: str, values: Mapping[str, Any], at: datetime) -> "Task":
        """A new task. It may start in any status: programs also record what is done already."""
        complete_time = at if values.get("status") is Status.DONE else None
        task = cls(task_id, owner_id, create_time=at, update_time=at, complete_time=complete_time, **values)
        return replace(task, pending=schedule.first(task.plan, at))

    def changed(self, changes: Mapping[str, Any], at: datetime) -> "Task":
        """The task's next version, or this one when nothing differs. `changes` maps names of fields to new values.
        Raises IllegalTransitionError."""
        new = {name: value for name, value in changes.items() if value != getattr(self, name)}
        if not new:
            return self
        if "status" in new:
            if new["status"] not in TRANSITIONS[self.status]:
                raise IllegalTransitionError(self.status, new["status"])
            new["complete_time"] = at if new["status"] is Status.DONE else None
        changed = replace(self, **new, update_time=at, version=self.version + 1)
        return replace(
            changed, departures=self._departures_by(changed), pending=schedule.changed(self.plan, changed.plan, self.pending, at)
        )

    def _departures_by(self, changed: "Task") -> tuple[Departure, ...]:
        left = [Departure(user_id, changed.update_time, changed.version) for user_id in self.member_ids]
        return tuple(each for each in (*self.departures, *left) if each.user_id not in changed.member_ids)[-MOST_DEPARTURES:]

    def changes_to(self, changed: "Task", names: Iterable[str]) -> "tuple[FieldChange, ...]":
        """Which of the fields `names` differ in the version `changed`."""
        changes = (FieldChange(name, getattr(self, name), getattr(changed, name)) for name in names)
        return tuple(each for each in changes if each.before != each.after)

    def deleted(self, at: datetime) -> "Task":
        """The version that is the task's end, unless it is restored."""
        return replace(self, update_time=at, version=self.version + 1, pending=())

    def restored(self, at: datetime) -> "Task":
        """The version with which a deleted task is back."""
        return self.resumed(at, version=self.version + 1, update_time=at)

    def resumed(self, at: datetime, **fields: Any) -> "Task":
        """With these fields, and with the moments that are still ahead to fire."""
        return replace(self, **fields, pending=schedule.ahead(self.plan, at))

    def fired(self, at: datetime) -> "Task":
        """The same version, when what was due by then has fired."""
        left = tuple(each for each in self.pending if each.time > at)
        return replace(self, pending=left, firings=self.firings + 1)


class Kind(StrEnum):
    """What happened to a task."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    DUE_SOON = Alarm.DUE_SOON.value
    OVERDUE = Alarm.OVERDUE.value


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What a field's value was, and what it became."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """What others hear of: a change, once per version of the task, or what fired, which has a `time` of its own and no actor.
    `assignee_name` is what a new assignee is called."""

    id: str
    kind: Kind
    task: Task
    actor_id: str
    changes: tuple[FieldChange, ...] = ()
    assignee_name: str = ""
    time: datetime | None = None

    @property
    def previous_assignee_id(self) -> str:
        """Whom the change took the task off."""
        return next((str(each.before) for each in self.changes if each.field == "assignee_id"), "")


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A change as it stays on record: `type` is the event's ("task.updated"), `version` the task's after the change; fields and
    values are in the words of clients."""

    event_id: str
    type: str
    actor_id: str
    time: datetime
    version: int
    changes: tuple[FieldChange, ...] = ()
