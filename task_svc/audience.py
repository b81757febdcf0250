"""Who hears of a task's changes, as it is stored beside the task: the members, and those from whom it was taken, who have that
yet to hear."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from mesh.mongo import Document
from task_svc.finding import UPDATE_TIME
from task_svc.model import Departure, Task

AUDIENCE = "audienceIds"
INDEX = IndexModel([(AUDIENCE, ASCENDING), (UPDATE_TIME, ASCENDING), ("_id", ASCENDING)], name="of_audience_by_change")


def to_audience(task: Task) -> Document:
    """What is stored beside the task, and changes with it."""
    departures = [{"userId": each.user_id, "time": each.time, "version": each.version} for each in task.departures]
    return {"departures": departures, AUDIENCE: [*task.member_ids, *(each.user_id for each in task.departures)]}


def departures_of(document: Any) -> tuple[Departure, ...]:
    """Tasks were stored before this was."""
    return tuple(Departure(each["userId"], each["time"], each["version"]) for each in document.get("departures", ()))
