"""The accounting: acknowledged = stored = notified exactly once, nothing that nobody wanted, nothing left over.

Each change has a title of its own, and each event names its task and its sequence, which is the task's version. So every
version of every task can be traced to the one write that made it, and every write to what became of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.audit.client import described
from tests.audit.commenting import of_comments
from tests.audit.evidence import Evidence, ShownNotification, ShownTask, StoredTask
from tests.audit.lives import Life, lived
from tests.audit.operations import Kind, Operation, Outcome
from tests.audit.reminding import of_reminders
from tests.audit.violations import DEAD, DIED, LEFT_OVER, LOST, MISSING, STALE, TWICE, UNWANTED, WRONG

CREATED, UPDATED, DELETED = "task.created", "task.updated", "task.deleted"
VERSIONS = (CREATED, UPDATED, DELETED)

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
        self._by_title = {each.title: each for each in evidence.operations if each.kind in (Kind.CREATE, Kind.CHANGE)}
        self._place_of_event = {each.event: (each.task, each.sequence) for each in evidence.deliveries}
        self._time_of_event = {each.event: each.time for each in evidence.deliveries}
        self._comments = {each.text for each in evidence.comments}
        # What the notifications tell.
        self._told: defaultdict[Place, set[ShownNotification]] = defaultdict(set)
        self._effects: defaultdict[int, set[Place]] = defaultdict(set)
        for each in evidence.notifications:
            if each.type in VERSIONS and (place := self._place_of_event.get(each.event_id)):
                self._told[place].add(each)
                if (operation := self._maker(each)) is not None:
                    self._effects[operation.number].add(place)
        self._lives = {task.id: self._life(task) for task in evidence.stored if self._is_told(task)}
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
        parts = [self._operations(), self._tasks(), self._notifications(), self._rest()]
        parts += [of_comments(self._evidence, self._lives), of_reminders(self._evidence, self._lives)]
        return [Violation(kind, what) for part in parts for kind, what in part]

    def _maker(self, notification: ShownNotification) -> Operation | None:
        """The create or change that the notification tells of: the one that set the title."""
        return None if notification.type == DELETED else self._by_title.get(notification.task_title)

    def _had_effect(self, operation: Operation) -> bool:
        if operation.kind is Kind.COMMENT:
            return operation.title in self._comments
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
            if each.outcome is Outcome.ACKNOWLEDGED and each.kind is not Kind.COMMENT:
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
        shown = set(self._evidence.shown)
        for task in self._evidence.stored:
            if task.id in self._lives:
                yield from self._end(task)
                yield from self._members(task, self._lives[task.id])
            else:
                missing = [number for number in range(1, task.version + 1) if (task.id, number) not in self._told]
                yield MISSING, f"task {task.id}: nobody was told of {missing} of {task.version} versions"
            expected = set(_as_shown(task))
            if blind := expected - shown:
                yield WRONG, f"task {task.id} is not shown as it is stored to {', '.join(each.viewer_id for each in blind)}"
            shown -= expected
        for each in shown:
            yield WRONG, f"task {each.id} is shown to {each.viewer_id} and not stored so"

    def _members(self, task: StoredTask, life: Life) -> Iterator[tuple[str, str]]:
        """Each version was told to everyone whom it concerned, and the assignee is the last one who was wanted."""
        for number in range(1, task.version + 1):
            told = {each.recipient_id for each in self._told[task.id, number]}
            if missing := life.concerned(number) - told:
                yield LOST, f"{', '.join(sorted(missing))} were not told of version {number} of task {task.id}"
            if strangers := told - life.concerned(number):
                yield UNWANTED, f"{', '.join(sorted(strangers))} were told of version {number} of task {task.id}"
        wanted = life.versions[-1]
        if (task.assignee_id, task.due_at) != (wanted.assignee_id, wanted.due_at):
            yield WRONG, f"task {task.id} is stored for {task.assignee_id!r}, due at {task.due_at}, and should be {wanted}"

    def _is_told(self, task: StoredTask) -> bool:
        return all((task.id, number) in self._told for number in range(1, task.version + 1))

    def _life(self, task: StoredTask) -> Life:
        told = [next(iter(self._told[task.id, number])) for number in range(1, task.version + 1)]
        times = [self._time_of_event[each.event_id] for each in told]
        return lived(task.owner_id, [self._maker(each) for each in told], times, deleted=task.deleted)

    def _end(self, task: StoredTask) -> Iterator[tuple[str, str]]:
        kinds = [next(iter(self._told[task.id, number])).type for number in range(1, task.version + 1)]
        changes = [UPDATED] * (task.version - 1 - task.deleted)
        if kinds != [CREATED, *changes, *([DELETED] if task.deleted else [])]:
            yield WRONG, f"task {task.id} (deleted: {task.deleted}) was told as {kinds}"
        (last, *_) = self._told[task.id, task.version]
        if last.task_title != task.title or task.description != described(task.title):
            yield WRONG, f"task {task.id} is stored as {task.title!r}, {task.description!r} and was told as {last.task_title!r}"

    def _notifications(self) -> Iterator[tuple[str, str]]:
        """Each version is told once, and nothing is told that is not known."""
        heard = Counter((each.recipient_id, each.event_id) for each in self._evidence.notifications)
        for (recipient_id, event_id), times in heard.items():
            if times > 1:
                yield TWICE, f"{recipient_id} was told {times} times of event {event_id}"
        for (task_id, number), told in self._told.items():
            if len({each.event_id for each in told}) > 1:
                yield TWICE, f"version {number} of task {task_id} was told as {len(told)} events"
        for each in self._evidence.notifications:
            known = each.type not in VERSIONS[:2] or self._maker(each) is not None
            if each.task_id not in self._stored or not known or each.event_id not in self._place_of_event:
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


def _as_shown(task: StoredTask) -> list[ShownTask]:
    viewers = set() if task.deleted else {task.owner_id, task.assignee_id} - {""}
    return [ShownTask(task.id, task.title, task.description, str(task.version), viewer_id) for viewer_id in viewers]


def _name(operation: Operation) -> str:
    return f"{operation.kind} {operation.title}"


def _list(places: set[Place]) -> str:
    return ", ".join(f"version {number} of task {task}" for task, number in sorted(places))
