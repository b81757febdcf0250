"""The audit's accounting: a run in which all is well, and each way in which it may not be."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.audit.accounts import DEAD, DIED, LEFT_OVER, LOST, MISSING, TWICE, UNWANTED, WRONG, Accounts
from tests.audit.evidence import Delivery, Evidence, ShownNotification, ShownTask, StoredTask
from tests.audit.operations import Kind, Operation, Outcome

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
SHOWN = ShownTask("task", "t-2", "about t-2", "2")

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
