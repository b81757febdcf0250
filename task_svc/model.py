"""What a task is, how it may change, and what its changes are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


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


class IllegalTransitionError(Exception):
    """A status that cannot follow the task's present one."""

    def __init__(self, current: Status, wanted: Status) -> None:
        allowed = ", ".join(status for status in Status if status in TRANSITIONS[current])
        super().__init__(f"a task that is {current} cannot become {wanted}; it can become: {allowed}")


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done. `version` counts the task's states, from 1; times are in UTC, in milliseconds."""

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
    version: int = 1

    @property
    def member_ids(self) -> tuple[str, ...]:
        """Whom the task concerns, each once: they see it and may change it."""
        return tuple(dict.fromkeys(filter(None, (self.owner_id, self.assignee_id))))

    @property
    def etag(self) -> str:
        return str(self.version)

    @classmethod
    def made(cls, task_id: str, owner_id: str, values: Mapping[str, Any], at: datetime) -> "Task":
        """A new task. It may start in any status: programs also record what is done already."""
        complete_time = at if values.get("status") is Status.DONE else None
        return cls(task_id, owner_id, create_time=at, update_time=at, complete_time=complete_time, **values)

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
        return replace(self, **new, update_time=at, version=self.version + 1)

    def changes_to(self, changed: "Task", names: Iterable[str]) -> "tuple[FieldChange, ...]":
        """Which of the fields `names` differ in the version `changed`."""
        changes = (FieldChange(name, getattr(self, name), getattr(changed, name)) for name in names)
        return tuple(each for each in changes if each.before != each.after)

    def deleted(self, at: datetime) -> "Task":
        """The version that is the task's end, unless it is restored."""
        return replace(self, update_time=at, version=self.version + 1)

    def restored(self, at: datetime) -> "Task":
        """The version with which a deleted task is back."""
        return replace(self, update_time=at, version=self.version + 1)


class Kind(StrEnum):
    """What happened to a task."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What a field's value was, and what it became."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """A change that others hear of: once per version of the task. `assignee_name` is what a new assignee is called."""

    id: str
    kind: Kind
    task: Task
    actor_id: str
    changes: tuple[FieldChange, ...] = ()
    assignee_name: str = ""

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
