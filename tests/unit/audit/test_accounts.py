"""The audit's accounting: a run in which all is well, and each way in which it may not be."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.audit.accounts import Accounts
from tests.audit.evidence import Delivery, Evidence, ShownNotification, ShownTask, StoredComment, StoredTask
from tests.audit.operations import Kind, Operation, Outcome
from tests.audit.violations import DEAD, DIED, LEFT_OVER, LOST, MISSING, TWICE, UNWANTED, WRONG

ACKNOWLEDGED, REFUSED, UNKNOWN = Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.UNKNOWN
CREATE = Operation(1, Kind.CREATE, "ada", "t-1", "task", "key", 0.0, ACKNOWLEDGED, 1)
CHANGE = Operation(2, Kind.CHANGE, "ada", "t-2", "task", None, 1.0, ACKNOWLEDGED, 2)
LATE = Operation(3, Kind.CHANGE, "ada", "t-3", "task", None, 2.0, UNKNOWN)
OTHER = Operation(4, Kind.CREATE, "ada", "t-4", "gone", "key4", 3.0, ACKNOWLEDGED, 1)
DELETE = Operation(5, Kind.DELETE, "ada", "t-5", "gone", "key5", 4.0, ACKNOWLEDGED)
CREATED = ShownNotification("ada", "e1", "task.created", "t-1", "task")
CHANGED = ShownNotification("ada", "e2", "task.updated", "t-2", "task")
OTHER_CREATED = ShownNotification("ada", "e4", "task.created", "t-4", "gone")
OTHER_DELETED = ShownNotification("ada", "e5", "task.deleted", "t-4", "gone")
STORED = StoredTask("task", "ada", "t-2", "about t-2", 2, deleted=False)
TOMBSTONE = StoredTask("gone", "ada", "t-4", "about t-4", 2, deleted=True)
SHOWN = ShownTask("task", "t-2", "about t-2", "2", "ada")

WELL = Evidence(
    operations=[CREATE, CHANGE, LATE, OTHER, DELETE],
    stored=[STORED, TOMBSTONE],
    shown=[SHOWN],
    notifications=[CREATED, CHANGED, OTHER_CREATED, OTHER_DELETED],
    notifications_stored=4,
    # The second is handed out twice, as may be.
    deliveries=[
        *(Delivery("e1", "task", 1), Delivery("e2", "task", 2), Delivery("e2", "task", 2)),
        *(Delivery("e4", "gone", 1), Delivery("e5", "gone", 2)),
    ],
    poison=["poison-0"],
    # Buried twice, as may be.
    dead_letters=["poison-0", "poison-0"],
)


def kinds(evidence: Evidence) -> set[str]:
    return {violation.kind for violation in Accounts(evidence).violations()}


def told(*notifications: ShownNotification) -> Evidence:
    return replace(WELL, notifications=notifications, notifications_stored=len(notifications))


def attempted(*operations: Operation) -> Evidence:
    return replace(WELL, operations=operations)


def test_all_is_well() -> None:
    assert Accounts(WELL).violations() == []


def test_operations_are_counted_by_outcome_and_the_unknown_by_effect() -> None:
    expected = {"attempted": 5, "acknowledged": 4, "unknown": 1, "absent": 1}
    assert Accounts(WELL).outcomes() == Counter(expected)


def test_an_unknown_write_may_have_happened() -> None:
    accounts = Accounts(
        attempted(CREATE, replace(CHANGE, outcome=UNKNOWN, version=None), OTHER, replace(DELETE, outcome=UNKNOWN))
    )
    assert accounts.violations() == []
    assert accounts.outcomes()["recovered"] == 2


SECOND_EFFECT = ShownNotification("ada", "e3", "task.updated", "t-2", "task")
OF_A_STRANGER = replace(CHANGED, recipient_id="bob")
CASES = {
    "a task is not stored": (replace(WELL, stored=[TOMBSTONE], shown=[]), {LOST, UNWANTED}),
    "a change is not stored": (
        replace(WELL, stored=[replace(STORED, version=1), TOMBSTONE], shown=[replace(SHOWN, etag="1")]),
        {LOST, WRONG},
    ),
    "a deleted task is there": (replace(WELL, stored=[STORED, replace(TOMBSTONE, deleted=False)]), {LOST, WRONG}),
    "nobody was told": (told(CREATED, OTHER_CREATED, OTHER_DELETED), {LOST, MISSING}),
    "nobody was told of the end": (told(CREATED, CHANGED, OTHER_CREATED), {MISSING}),
    "told twice": (told(CREATED, CHANGED, CHANGED, OTHER_CREATED, OTHER_DELETED), {TWICE}),
    "told to a stranger too": (told(CREATED, CHANGED, OF_A_STRANGER, OTHER_CREATED, OTHER_DELETED), {UNWANTED}),
    "stored and never shown": (replace(WELL, notifications_stored=5), {UNWANTED}),
    "nobody wanted it": (attempted(CREATE, LATE, OTHER, DELETE), {UNWANTED}),
    "one key, two effects": (
        replace(
            told(*WELL.notifications, SECOND_EFFECT),
            deliveries=[*WELL.deliveries, Delivery("e3", "task", 3)],
            stored=[replace(STORED, version=3), TOMBSTONE],
            shown=[replace(SHOWN, etag="3")],
        ),
        {TWICE},
    ),
    "one version, two events": (
        replace(told(*WELL.notifications, SECOND_EFFECT), deliveries=[*WELL.deliveries, Delivery("e3", "task", 2)]),
        {TWICE},
    ),
    "deleted twice": (attempted(*WELL.operations, replace(DELETE, number=6)), {TWICE}),
    "refused and done": (attempted(CREATE, replace(CHANGE, outcome=REFUSED, version=None), LATE, OTHER, DELETE), {WRONG}),
    "done as another version": (attempted(CREATE, replace(CHANGE, version=1), LATE, OTHER, DELETE), {WRONG}),
    "half stored": (
        replace(
            WELL, stored=[replace(STORED, description="about t-1"), TOMBSTONE], shown=[replace(SHOWN, description="about t-1")]
        ),
        {WRONG},
    ),
    "shown as it was": (replace(WELL, shown=[replace(SHOWN, title="t-1")]), {WRONG}),
    "shown and not stored": (replace(WELL, shown=[SHOWN, replace(SHOWN, id="ghost")]), {WRONG}),
    "an event stays": (replace(WELL, leftovers={"outboxes": 1}), {LEFT_OVER}),
    "poison vanished": (replace(WELL, dead_letters=[]), {DEAD}),
    "an event was buried": (replace(WELL, dead_letters=["poison-0", "e1"]), {DEAD}),
    "a process ended by itself": (replace(WELL, unexplained=Counter(task_svc=1)), {DIED}),
}


@pytest.mark.parametrize(("evidence", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_found(evidence: Evidence, expected: set[str]) -> None:
    assert kinds(evidence) == expected


# Ada's task that was given to Bob when it was changed, was due while he had it, and was commented on.
GIVEN = replace(CHANGE, assignee_id="bob", due_at=100)
COMMENT = Operation(7, Kind.COMMENT, "ada", "t-7", "task", "key7", 5.0, ACKNOWLEDGED)
FOR_BOB = replace(CHANGED, recipient_id="bob")
COMMENTED = ShownNotification("ada", "e7", "task.commented", "t-2", "task", "t-7")
SOON = ShownNotification("ada", "e8", "task.due_soon", "t-2", "task", "Due 1970-01-01T00:01:40Z")
LATER = ShownNotification("ada", "e9", "task.overdue", "t-2", "task", "Due 1970-01-01T00:01:40Z")
TOLD = (CREATED, CHANGED, FOR_BOB, COMMENTED, SOON, LATER)
SHARED = Evidence(
    operations=[CREATE, GIVEN, COMMENT],
    stored=[replace(STORED, assignee_id="bob", due_at=100.0)],
    shown=[SHOWN, replace(SHOWN, viewer_id="bob")],
    notifications=TOLD,
    notifications_stored=len(TOLD),
    deliveries=[
        *(Delivery("e1", "task", 1, 90.0), Delivery("e2", "task", 2, 95.0), Delivery("e7", "comment", 1, 96.0)),
        *(Delivery("e8", "task", 2, 99.0), Delivery("e9", "task", 2, 100.0)),
    ],
    poison=[],
    dead_letters=[],
    comments=[StoredComment("task", "t-7")],
)


def heard(*notifications: ShownNotification) -> Evidence:
    return replace(SHARED, notifications=notifications, notifications_stored=len(notifications))


def changed_late(evidence: Evidence) -> Evidence:
    """The due time was set when it had passed."""
    late = [replace(each, time=101.0) if each.event == "e2" else each for each in evidence.deliveries]
    return replace(evidence, deliveries=late)


def test_what_is_shared_is_well() -> None:
    assert Accounts(SHARED).violations() == []
    assert Accounts(changed_late(heard(CREATED, CHANGED, FOR_BOB, COMMENTED))).violations() == []


SHARED_CASES = {
    "the assignee was not told": (heard(CREATED, CHANGED, COMMENTED, SOON, LATER), {LOST}),
    "somebody else was told": (heard(*TOLD, replace(CREATED, recipient_id="eve")), {UNWANTED}),
    "assigned to somebody else": (replace(SHARED, stored=[replace(STORED, assignee_id="eve", due_at=100.0)]), {WRONG}),
    "not shown to the assignee": (replace(SHARED, shown=[SHOWN]), {WRONG}),
    "still shown to somebody": (replace(SHARED, shown=[*SHARED.shown, replace(SHOWN, viewer_id="eve")]), {WRONG}),
    "a comment is not stored": (replace(SHARED, comments=[]), {LOST, UNWANTED}),
    "a comment is stored twice": (replace(SHARED, comments=[*SHARED.comments] * 2), {TWICE, LOST}),
    "nobody was told of a comment": (heard(CREATED, CHANGED, FOR_BOB, SOON, LATER), {LOST}),
    "told twice of a comment": (heard(*TOLD, replace(COMMENTED, event_id="e9")), {TWICE}),
    "a stranger was told of a comment": (heard(*TOLD, replace(COMMENTED, recipient_id="eve")), {UNWANTED}),
    "a refused comment is stored": (
        replace(SHARED, operations=[CREATE, GIVEN, replace(COMMENT, outcome=REFUSED)]),
        {WRONG},
    ),
    "a comment that nobody wrote": (replace(SHARED, operations=[CREATE, GIVEN]), {UNWANTED}),
    "never reminded": (heard(CREATED, CHANGED, FOR_BOB, COMMENTED, LATER), {LOST}),
    "never overdue": (heard(CREATED, CHANGED, FOR_BOB, COMMENTED, SOON), {LOST}),
    "overdue twice": (heard(*TOLD, replace(LATER, event_id="e8")), {TWICE}),
    "reminded of another time": (
        heard(CREATED, CHANGED, FOR_BOB, COMMENTED, LATER, replace(SOON, body="Due 1970-01-01T00:02:00Z")),
        {LOST, UNWANTED},
    ),
    "reminded of what had passed": (changed_late(SHARED), {UNWANTED}),
    "a stranger was reminded": (heard(*TOLD, replace(SOON, recipient_id="eve")), {UNWANTED}),
}


@pytest.mark.parametrize(("evidence", "expected"), SHARED_CASES.values(), ids=SHARED_CASES.keys())
def test_what_is_wrong_with_what_is_shared_is_found(evidence: Evidence, expected: set[str]) -> None:
    assert kinds(evidence) == expected
