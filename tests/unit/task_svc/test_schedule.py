"""When a task speaks up by itself: what its reminders and due time come to, whatever it goes through."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task_svc.model import CLOSED, Status, Task
from task_svc.schedule import Alarm, Moment, Reminder

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOON, OVERDUE = Alarm.DUE_SOON, Alarm.OVERDUE


def before(hours: float) -> Reminder:
    return Reminder(before=hours * HOUR)


def at(hours: float) -> Reminder:
    return Reminder(at=NOON + hours * HOUR)


def due(hours: float) -> datetime:
    return NOON + hours * HOUR


def made(at: datetime = NOON, **values: Any) -> Task:
    return Task.made("665f1f77bcf86cd799439021", "ada", {"title": "Ship it", **values}, at=at)


def pending(task: Task) -> list[tuple[Alarm, float]]:
    """What is to fire, and in how many hours after noon."""
    return [(moment.alarm, (moment.time - NOON) / HOUR) for moment in task.pending]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"due_time": due(3)}, [(OVERDUE, 3)]),
        ({"due_time": due(3), "reminders": (before(1), at(1), before(0))}, [(SOON, 1), (SOON, 2), (SOON, 3), (OVERDUE, 3)]),
        ({"due_time": due(3), "reminders": (before(1), at(2))}, [(SOON, 2), (OVERDUE, 3)]),
        ({"due_time": due(3), "reminders": (at(4),)}, [(OVERDUE, 3), (SOON, 4)]),
        ({"reminders": (before(1), at(2))}, [(SOON, 2)]),
        # What is past fires at once while the task is not due, and never when it is.
        ({"due_time": due(3), "reminders": (before(5), at(-1))}, [(SOON, -2), (SOON, -1), (OVERDUE, 3)]),
        ({"due_time": due(-1), "reminders": (before(1), at(-2))}, []),
        ({"due_time": due(0), "reminders": (before(1),)}, []),
        ({"due_time": due(-1), "reminders": (at(1),)}, [(SOON, 1)]),
        ({"reminders": (at(-1),)}, []),
        ({"status": Status.DONE, "due_time": due(3), "reminders": (before(1),)}, []),
        ({"status": Status.CANCELLED, "due_time": due(3)}, []),
        ({"status": Status.BLOCKED, "due_time": due(3)}, [(OVERDUE, 3)]),
    ],
)
def test_a_new_task_fires_what_is_to_come(values: dict[str, Any], expected: list[tuple[Alarm, float]]) -> None:
    assert pending(made(**values)) == expected


@pytest.mark.parametrize("year", [1, 2, 9999])
def test_no_due_time_is_too_early_for_a_reminder(year: int) -> None:
    due_time = NOON.replace(year=year)
    task = made(due_time=due_time, reminders=(Reminder(before=timedelta(days=365)),))
    assert len(task.pending) == (2 if year == 9999 else 0)


def test_what_is_due_fires_and_makes_no_version() -> None:
    task = made(due_time=due(3), reminders=(before(1), before(2)))
    fired = task.fired(due(2))
    assert pending(fired) == [(OVERDUE, 3)]
    assert (fired.version, fired.etag, fired.update_time, fired.firings) == (1, "1", NOON, 1)
    assert pending(task.fired(due(1.9))) == [(SOON, 2), (OVERDUE, 3)]


FIRED = made(due_time=due(4), reminders=(before(3), before(1))).fired(due(1))


@pytest.mark.parametrize(
    ("changes", "when", "expected"),
    [
        ({"title": "Ship it now"}, due(2), [(SOON, 3), (OVERDUE, 4)]),
        # While nothing runs that fires it, a change of something else does not drop it.
        ({"title": "Ship it now"}, due(5), [(SOON, 3), (OVERDUE, 4)]),
        ({"due_time": due(6)}, due(2), [(SOON, 3), (SOON, 5), (OVERDUE, 6)]),
        ({"due_time": due(6)}, due(3.5), [(SOON, 3), (SOON, 5), (OVERDUE, 6)]),
        ({"due_time": due(3)}, due(2.5), [(SOON, 0), (SOON, 2), (OVERDUE, 3)]),
        ({"due_time": due(2)}, due(2.5), []),
        ({"due_time": None}, due(2), []),
        ({"due_time": due(3)}, due(3), []),
        ({"reminders": ()}, due(2), [(OVERDUE, 4)]),
        ({"reminders": (before(3), before(1), before(0.5))}, due(2), [(SOON, 3), (SOON, 3.5), (OVERDUE, 4)]),
        ({"reminders": (before(3), before(2.5))}, due(2), [(SOON, 1.5), (OVERDUE, 4)]),
        ({"reminders": (before(3), at(1))}, due(2), [(OVERDUE, 4)]),
        ({"status": Status.BLOCKED}, due(2), [(SOON, 3), (OVERDUE, 4)]),
        ({"status": Status.DONE}, due(2), []),
        ({"status": Status.CANCELLED, "due_time": due(8)}, due(2), []),
    ],
)
def test_a_change_keeps_what_has_not_fired_and_adds_what_is_new(
    changes: dict[str, Any], when: datetime, expected: list[tuple[Alarm, float]]
) -> None:
    assert pending(FIRED.changed(changes, when)) == expected


def test_a_closed_task_fires_nothing_for_the_time_that_it_was_closed() -> None:
    task = made(due_time=due(4), reminders=(before(3), before(1)))
    closed = task.changed({"status": Status.DONE}, due(0.5))
    assert pending(closed.changed({"status": Status.TODO}, due(2))) == [(SOON, 3), (OVERDUE, 4)]
    assert pending(closed.changed({"status": Status.TODO}, due(4))) == []
    # But for what is set with its opening.
    reopened = closed.changed({"status": Status.TODO, "reminders": (before(3), before(2.5))}, due(2))
    assert pending(reopened) == [(SOON, 1.5), (OVERDUE, 4)]


def test_a_deleted_task_fires_nothing_until_it_is_back() -> None:
    task = made(due_time=due(4), reminders=(before(3), before(1)))
    deleted = task.deleted(due(0.5))
    assert pending(deleted) == []
    assert pending(deleted.restored(due(2))) == [(SOON, 3), (OVERDUE, 4)]
    assert pending(task.changed({"status": Status.DONE}, NOON).deleted(NOON).restored(NOON)) == []


hours = st.integers(0, 8)
reminders = st.lists(st.builds(before, hours) | st.builds(at, hours), max_size=3, unique=True).map(tuple)
changes = st.fixed_dictionaries({}, optional={"due_time": st.none() | st.builds(due, hours), "reminders": reminders})


@given(st.lists(st.tuples(changes, st.booleans()), max_size=8))
def test_what_has_fired_comes_back_only_by_being_set_again(steps: list[tuple[dict[str, Any], bool]]) -> None:
    task, fired = made(), set[Moment]()
    for hour, (change, fires) in enumerate(steps):
        now = due(hour)
        old = task.plan.moments()
        task = task.changed(change, now)
        fired -= task.plan.moments() - old
        assert not fired & set(task.pending)
        assert set(task.pending) <= task.plan.moments()
        assert list(task.pending) == sorted(task.pending)
        if fires:
            left = task.fired(now)
            fired |= set(task.pending) - set(left.pending)
            task = left
            assert all(moment.time > now for moment in task.pending)


@given(changes, hours, st.sampled_from(sorted(CLOSED)))
def test_closed_or_deleted_there_is_nothing_to_fire(values: dict[str, Any], hour: int, status: Status) -> None:
    task = made(**values)
    assert not task.changed({"status": status}, due(hour)).pending
    assert not task.deleted(due(hour)).pending
