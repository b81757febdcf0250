"""The accounting: acknowledged = stored = notified exactly once, nothing that nobody wanted, nothing left over.

Each change has a title of its own, and each event names its task and its sequence, which is the task's version. So every
version of every task can be traced to the one write that made it, and every write to what became of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.audit.client import described
from tests.audit.evidence import Evidence, ShownNotification, ShownTask, StoredTask
from tests.audit.operations import Kind, Operation, Outcome

LOST, TWICE, MISSING = "lost", "twice", "missing sequences"
UNWANTED, WRONG, LEFT_OVER, DEAD = "never attempted", "not as acknowledged", "left over", "dead letters wrong"
STALE, DIED = "stale reads", "died by itself"
VIOLATIONS = (LOST, TWICE, MISSING, UNWANTED, WRONG, STALE, LEFT_OVER, DEAD, DIED)
CREATED, UPDATED, DELETED = "task.created", "task.updated", "task.deleted"

Place = tuple[str, int]
"""A task and one of its versions."""


@dataclass(frozen=True, slots=True)
class Violation:
    kind: str
    what: str


class Accounts:
    """Brings the evidence together; `violations` is what must be empty."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._stored = {task.id: task for task in evidence.stored}
        self._by_title = {each.title: each for each in evidence.operations if each.kind is not Kind.DELETE}
        self._place_of_event = {each.event: (each.task, each.sequence) for each in evidence.deliveries}
        # What the notifications tell.
        self._told: defaultdict[Place, set[ShownNotification]] = defaultdict(set)
        self._effects: defaultdict[int, set[Place]] = defaultdict(set)
        for each in evidence.notifications:
            if place := self._place_of_event.get(each.event_id):
                self._told[place].add(each)
                if (operation := self._maker(each)) is not None:
                    self._effects[operation.number].add(place)
        self._deleted_by = {each.task_id: each for each in evidence.operations if _is_acknowledged_delete(each)}

    def outcomes(self) -> Counter[str]:
        """How the operations ended, the unknown ones split by what is found of them."""
        counts = Counter[str](attempted=len(self._evidence.operations))
        for each in self._evidence.operations:
            counts[each.outcome] += 1
            if each.outcome is Outcome.UNKNOWN:
                counts["recovered" if self._had_effect(each) else "absent"] += 1
        return counts

    def violations(self) -> list[Violation]:
        parts = (self._operations, self._tasks, self._notifications, self._rest)
        return [Violation(kind, what) for part in parts for kind, what in part()]

    def _maker(self, notification: ShownNotification) -> Operation | None:
        """The create or change that the notification tells of: the one that set the title."""
        return None if notification.type == DELETED else self._by_title.get(notification.task_title)

    def _had_effect(self, operation: Operation) -> bool:
        if operation.kind is not Kind.DELETE:
            return bool(self._effects[operation.number])
        task = self._stored.get(operation.task_id or "")
        return task is not None and task.deleted and task.id not in self._deleted_by

    def _operations(self) -> Iterator[tuple[str, str]]:
        """Each write has the effect that its client was told of, and never two."""
        for each in self._evidence.operations:
            places = self._effects[each.number]
            if len(places) > 1:
                yield TWICE, f"{_name(each)} made {_list(places)}"
            if each.outcome is Outcome.REFUSED and places:
                yield WRONG, f"{_name(each)} was refused and made {_list(places)}"
            if each.outcome is Outcome.ACKNOWLEDGED:
                yield from self._acknowledged(each, places)

    def _acknowledged(self, operation: Operation, places: set[Place]) -> Iterator[tuple[str, str]]:
        task = self._stored.get(operation.task_id or "")
        if task is None or task.version < (operation.version or 0) or (operation.kind is Kind.DELETE and not task.deleted):
            yield LOST, f"{_name(operation)} was acknowledged and is not stored"
        elif operation.kind is Kind.DELETE:
            if self._deleted_by[task.id] is not operation:
                yield TWICE, f"{_name(operation)}: so was {_name(self._deleted_by[task.id])}"
        elif not places:
            yield LOST, f"{_name(operation)} was acknowledged as version {operation.version}, and nobody was told"
        elif (task.id, operation.version) not in places:
            yield WRONG, f"{_name(operation)} was acknowledged as version {operation.version} and made {_list(places)}"

    def _tasks(self) -> Iterator[tuple[str, str]]:
        """Each task has all its versions told, in the end is as the last one made it, and is shown like that."""
        shown = {task.id: task for task in self._evidence.shown}
        for task in self._evidence.stored:
            if missing := [number for number in range(1, task.version + 1) if (task.id, number) not in self._told]:
                yield MISSING, f"task {task.id}: nobody was told of {missing} of {task.version} versions"
            else:
                yield from self._end(task)
            if shown.pop(task.id, None) != _as_shown(task):
                yield WRONG, f"task {task.id} is not shown as it is stored"
        for task_id in shown:
            yield WRONG, f"task {task_id} is shown and not stored"

    def _end(self, task: StoredTask) -> Iterator[tuple[str, str]]:
        kinds = [next(iter(self._told[task.id, number])).type for number in range(1, task.version + 1)]
        changes = [UPDATED] * (task.version - 1 - task.deleted)
        if kinds != [CREATED, *changes, *([DELETED] if task.deleted else [])]:
            yield WRONG, f"task {task.id} (deleted: {task.deleted}) was told as {kinds}"
        (last, *_) = self._told[task.id, task.version]
        if last.task_title != task.title or task.description != described(task.title):
            yield WRONG, f"task {task.id} is stored as {task.title!r}, {task.description!r} and was told as {last.task_title!r}"

    def _notifications(self) -> Iterator[tuple[str, str]]:
        """Each version is told once, to its owner, and nothing else is told."""
        heard = Counter((each.recipient_id, each.event_id) for each in self._evidence.notifications)
        for (recipient_id, event_id), times in heard.items():
            if times > 1:
                yield TWICE, f"{recipient_id} was told {times} times of event {event_id}"
        for (task_id, number), told in self._told.items():
            if len({each.event_id for each in told}) > 1:
                yield TWICE, f"version {number} of task {task_id} was told as {len(told)} events"
        for each in self._evidence.notifications:
            owner = self._stored[each.task_id].owner_id if each.task_id in self._stored else None
            known = each.type == DELETED or self._maker(each) is not None
            if owner != each.recipient_id or not known or each.event_id not in self._place_of_event:
                yield UNWANTED, f"{each.recipient_id} was told of {each.type} of task {each.task_id} as {each.task_title!r}"
        if self._evidence.notifications_stored != len(self._evidence.notifications):
            yield UNWANTED, f"{self._evidence.notifications_stored} notifications are stored and not all are shown"

    def _rest(self) -> Iterator[tuple[str, str]]:
        for what in self._evidence.stale:
            yield STALE, what
        for place, count in self._evidence.leftovers.items():
            yield LEFT_OVER, f"{count} in {place}"
        poison, dead = set(self._evidence.poison), set(self._evidence.dead_letters)
        for message_id in poison ^ dead:
            story = "was injected and is no dead letter" if message_id in poison else "is a dead letter and was not injected"
            yield DEAD, f"{message_id} {story}"
        for process, count in self._evidence.unexplained.items():
            yield DIED, f"{process}, {count} times"


def _is_acknowledged_delete(operation: Operation) -> bool:
    return operation.kind is Kind.DELETE and operation.outcome is Outcome.ACKNOWLEDGED


def _as_shown(task: StoredTask) -> ShownTask | None:
    return None if task.deleted else ShownTask(task.id, task.title, task.description, str(task.version))


def _name(operation: Operation) -> str:
    return f"{operation.kind} {operation.title}"


def _list(places: set[Place]) -> str:
    return ", ".join(f"version {number} of task {task}" for task, number in sorted(places))
