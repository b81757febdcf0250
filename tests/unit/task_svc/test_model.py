"""The rules of tasks: which status may follow which, what a change changes, and when a task was completed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from task_svc.model import MOST_DEPARTURES, Departure, FieldChange, IllegalTransitionError, Priority, Status, Task

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)

# The rules once more, as a picture: from each row to each column, in the order of the statuses.
MAY_FOLLOW = {
    #                      todo  in_p  bloc  done  canc
    Status.TODO:        [False, True, True, True, True],
    Status.IN_PROGRESS: [True, False, True, True, True],
    Status.BLOCKED:     [True, True, False, False, True],
    Status.DONE:        [True, True, False, False, False],
    Status.CANCELLED:   [True, False, False, False, False],
}  # fmt: skip
STEPS = [(first, second, may) for first, row in MAY_FOLLOW.items() for second, may in zip(Status, row, strict=True)]
ALLOWED = [(first, second) for first, second, may in STEPS if may]
FORBIDDEN = [(first, second) for first, second, may in STEPS if not may and first is not second]


def a_task(**fields: Any) -> Task:
    return Task("665f1f77bcf86cd799439021", "ada", **{"title": "Ship it", "create_time": NOON, "update_time": NOON, **fields})


@pytest.mark.parametrize(("first", "second"), ALLOWED)
def test_a_status_may_follow(first: Status, second: Status) -> None:
    assert a_task(status=first).changed({"status": second}, LATER).status is second


@pytest.mark.parametrize(("first", "second"), FORBIDDEN)
def test_a_status_may_not_follow(first: Status, second: Status) -> None:
    with pytest.raises(IllegalTransitionError, match=f"a task that is {first} cannot become {second}"):
        a_task(status=first).changed({"status": second}, LATER)


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(IllegalTransitionError, match=r"it can become: todo, in_progress$"):
        a_task(status=Status.DONE).changed({"status": Status.CANCELLED}, LATER)


@pytest.mark.parametrize("status", Status)
def test_to_stay_in_a_status_is_no_change(status: Status) -> None:
    task = a_task(status=status)
    assert task.changed({"status": status}, LATER) is task


def test_a_change_that_changes_nothing_is_none() -> None:
    task = a_task(labels=("a", "b"), due_time=LATER)
    assert task.changed({}, LATER) is task
    assert task.changed({"title": "Ship it", "labels": ("a", "b"), "due_time": LATER, "description": ""}, LATER) is task


def test_a_change_makes_the_next_version() -> None:
    task = a_task(version=7)
    changed = task.changed({"title": "Ship it now", "priority": Priority.URGENT, "description": ""}, LATER)
    assert changed == a_task(title="Ship it now", priority=Priority.URGENT, update_time=LATER, version=8)
    assert (task.etag, changed.etag) == ("7", "8")


@pytest.mark.parametrize("status", Status)
def test_a_new_task_may_have_any_status_and_is_complete_when_done(status: Status) -> None:
    task = Task.made("id", "ada", {"title": "Ship it", "status": status}, at=NOON)
    assert (task.status, task.version) == (status, 1)
    assert task.create_time == task.update_time == NOON
    assert task.complete_time == (NOON if status is Status.DONE else None)


@pytest.mark.parametrize(("first", "second"), ALLOWED)
def test_a_task_is_complete_from_the_moment_it_is_done_until_it_is_not(first: Status, second: Status) -> None:
    task = a_task(status=first, complete_time=NOON if first is Status.DONE else None)
    assert task.changed({"status": second}, LATER).complete_time == (LATER if second is Status.DONE else None)


def test_other_changes_leave_the_moment_of_completion() -> None:
    done = a_task(status=Status.DONE, complete_time=NOON)
    assert done.changed({"title": "Shipped", "status": Status.DONE}, LATER).complete_time == NOON


def test_a_deletion_is_a_version_of_its_own() -> None:
    assert a_task(version=2).deleted(LATER) == a_task(update_time=LATER, version=3)


def test_changes_are_told_with_what_was_and_what_became() -> None:
    task = a_task(labels=("a",))
    changed = task.changed({"title": "Ship it", "labels": (), "status": Status.DONE}, LATER)
    assert task.changes_to(changed, ["title", "labels", "status"]) == (
        FieldChange("labels", ("a",), ()),
        FieldChange("status", Status.TODO, Status.DONE),
    )


def test_a_restoration_is_a_version_of_its_own() -> None:
    assert a_task(version=3).restored(LATER) == a_task(update_time=LATER, version=4)


@pytest.mark.parametrize(("assignee_id", "members"), [("", ("ada",)), ("bob", ("ada", "bob")), ("ada", ("ada",))])
def test_a_task_concerns_its_owner_and_its_assignee(assignee_id: str, members: tuple[str, ...]) -> None:
    assert a_task(assignee_id=assignee_id).member_ids == members


def test_a_task_knows_whom_it_was_taken_from_until_they_are_back() -> None:
    assigned = a_task(assignee_id="bob")
    taken = assigned.changed({"assignee_id": "eve"}, LATER)
    assert taken.departures == (Departure("bob", LATER, 2),)
    assert taken.changed({"title": "x"}, NOON).departures == taken.departures
    assert taken.changed({"assignee_id": "bob"}, NOON).departures == (Departure("eve", NOON, 3),)
    # The owner, who did it himself, is still a member.
    assert a_task(assignee_id="ada").changed({"assignee_id": ""}, LATER).departures == ()


def test_a_task_knows_only_the_last_ones_whom_it_was_taken_from() -> None:
    task = a_task()
    for number in range(2 * MOST_DEPARTURES):
        task = task.changed({"assignee_id": f"user {number}"}, LATER)
    assert [each.user_id for each in task.departures] == [f"user {number}" for number in range(19, 39)]
