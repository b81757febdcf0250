"""The part of the model that knows when a task speaks up by itself: what its due time and reminders come to, and which of that is
still to fire. Whatever is past when it is set does not fire, with one exception: a reminder of a task that is not due yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)


class Alarm(StrEnum):
    """What a task says of itself when a moment comes."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One of the two: so long before the due time, or at a moment; in milliseconds."""

    before: timedelta | None = None
    at: datetime | None = None

    def time(self, due_time: datetime | None) -> datetime | None:
        """When it comes; never, for one that hangs on a due time that is not there."""
        if self.before is None or due_time is None:
            return self.at
        # Not before the beginning of time, which would be an overflow.
        return due_time - min(self.before, due_time - FIRST_MOMENT)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """When what is said."""

    time: datetime
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Plan:
    """What a task's moments follow from. `is_open` says whether any fire."""

    due_time: datetime | None = None
    reminders: tuple[Reminder, ...] = ()
    is_open: bool = True

    def moments(self) -> set[Moment]:
        """All of them, past and to come."""
        times = [reminder.time(self.due_time) for reminder in self.reminders]
        overdue = {Moment(self.due_time, Alarm.OVERDUE)} if self.due_time else set()
        return overdue | {Moment(time, Alarm.DUE_SOON) for time in times if time}


def first(plan: Plan, at: datetime) -> tuple[Moment, ...]:
    """What is to fire of a plan that is made now."""
    return changed(Plan(), plan, (), at)


def changed(old: Plan, new: Plan, pending: Iterable[Moment], at: datetime) -> tuple[Moment, ...]:
    """What is to fire when `new` replaces `old`, of which `pending` was still to fire: what is in both and has not fired, and
    what is new. When a closed task is opened again, nothing fires for the time that it was closed."""
    if not new.is_open:
        return ()
    before, after = old.moments(), new.moments()
    kept = before & after & set(pending) if old.is_open else _after(before & after, at)
    return tuple(sorted(kept | _set_now(after - before, new.due_time, at)))


def ahead(plan: Plan, at: datetime) -> tuple[Moment, ...]:
    """What of the plan is still to come, whatever has been."""
    return tuple(sorted(_after(plan.moments(), at))) if plan.is_open else ()


def _after(moments: Iterable[Moment], at: datetime) -> set[Moment]:
    return {moment for moment in moments if moment.time > at}


def _set_now(moments: Iterable[Moment], due_time: datetime | None, at: datetime) -> set[Moment]:
    is_due_later = due_time is not None and due_time > at
    return {each for each in moments if each.time > at or (each.alarm is Alarm.DUE_SOON and is_due_later)}
