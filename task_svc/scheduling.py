"""How a task's schedule is stored beside it, and how tasks are found whose next moment has come."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson.int64 import Int64
from pymongo import ASCENDING, IndexModel

from mesh.mongo import Document
from mesh.times import MILLISECOND
from task_svc.finding import EXISTING
from task_svc.model import Task
from task_svc.schedule import Alarm, Moment, Reminder

NEXT_MOMENT = "nextMoment"
INDEX_NAME = "next_moment_first"
INDEX = IndexModel([(NEXT_MOMENT, ASCENDING), ("_id", ASCENDING)], name=INDEX_NAME, partialFilterExpression=EXISTING)
# Of tasks with nothing to fire. Those without the field were stored before there were schedules.
NEVER = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
UNSCHEDULED: Document = {NEXT_MOMENT: None, **EXISTING}


def to_scheduled(task: Task) -> Document:
    """What changes with the task, and when something fires."""
    return {
        "reminders": [_from_reminder(each) for each in task.reminders],
        "pending": [{"time": each.time, "alarm": each.alarm.value} for each in task.pending],
        NEXT_MOMENT: next_moment(task),
    }


def next_moment(task: Task) -> datetime:
    return task.pending[0].time if task.pending else NEVER


def scheduled_of(document: Document) -> dict[str, Any]:
    """The fields of a task that tell its schedule."""
    return {
        "reminders": tuple(_to_reminder(each) for each in document.get("reminders", ())),
        "pending": tuple(Moment(each["time"], Alarm(each["alarm"])) for each in document.get("pending", ())),
        "firings": document.get("firings", 0),
    }


def as_read(task: Task) -> Document:
    """The filter for a task of which nothing has fired since it was read; otherwise a write would bring back what has. Of a task
    of which nothing ever fired there is no count."""
    return {"firings": task.firings or None}


def due_by(moment: datetime) -> Document:
    return {NEXT_MOMENT: {"$lte": moment}, **EXISTING}


def _from_reminder(reminder: Reminder) -> Document:
    return {"at": reminder.at} if reminder.before is None else {"beforeMs": Int64(reminder.before // MILLISECOND)}


def _to_reminder(document: Document) -> Reminder:
    return Reminder(at=document["at"]) if "at" in document else Reminder(before=timedelta(milliseconds=document["beforeMs"]))
