"""What became of a user's tasks: the present state of each that changed, in the order of the last changes.

Changes do not become visible in the order of their times: clocks differ, and a majority sees a write when it sees it. So what
changed a little before is answered again, and known by its id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase
from unified.task.v1 import task_service_pb2 as pb

from mesh import pages
from mesh.mongo import Document
from mesh.pages import Position
from mesh.times import EPOCH, MILLISECOND, milliseconds
from task_svc.audience import AUDIENCE, INDEX
from task_svc.finding import UPDATE_TIME
from task_svc.mapping import task_to_proto
from task_svc.model import Task
from task_svc.repository import COLLECTION, FIELDS, to_task

CHANGES = "changes of tasks"
BY_CHANGE = [(UPDATE_TIME, ASCENDING), ("_id", ASCENDING)]


@dataclass(frozen=True, slots=True)
class Change:
    """What a version is to somebody: the task, or nothing where the version took it from him or her."""

    task_id: str
    time: datetime
    version: int
    task: Task | None

    @property
    def id(self) -> str:
        return f"{milliseconds(self.time)}-{self.task_id}-{self.version}"


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of them, the token for the next one, and from where to ask for what comes then."""

    changes: list[Change]
    next_page_token: str | None
    position: str


class TaskFeed:
    """`overlap` is how long it may take until all see a change, from the moment of its time."""

    def __init__(self, database: AsyncDatabase[Document], *, now: Callable[[], datetime], overlap: timedelta) -> None:
        self._tasks, self._now, self._overlap = database[COLLECTION], now, overlap

    async def ensure_indexes(self) -> None:
        await self._tasks.create_indexes([INDEX])

    async def changes(self, user_id: str, after: str, page_size: int, page_token: str) -> Changes:
        """What came after that id or position (now when empty), and in the time before it."""
        now = self._now()
        since = (min(_time_of(after), now) if after else now) - self._overlap
        position = pages.from_token(CHANGES, page_token)
        beyond = position.beyond(UPDATE_TIME, descending=False) if position else {UPDATE_TIME: {"$gte": since}}
        found = self._tasks.find({AUDIENCE: user_id, **beyond}, FIELDS, hint=INDEX.document["name"])
        documents = await found.sort(BY_CHANGE).limit(page_size + 1).to_list()
        changes = [change for each in documents[:page_size] if (change := _change(each, user_id)).time >= since]
        token = _token_after(documents[page_size - 1]) if len(documents) > page_size else None
        return Changes(changes, token, str(milliseconds(now)))


def news_to_proto(news: Changes) -> pb.ListTaskChangesResponse:
    return pb.ListTaskChangesResponse(
        changes=map(_change_to_proto, news.changes), next_page_token=news.next_page_token, position=news.position
    )


def _change_to_proto(change: Change) -> pb.ChangedTask:
    if change.task is None:
        return pb.ChangedTask(id=change.id, type="task.deleted", task_id=change.task_id)
    kind = "task.created" if change.version == 1 else "task.updated"
    return pb.ChangedTask(id=change.id, type=kind, task_id=change.task_id, task=task_to_proto(change.task))


def _time_of(after: str) -> datetime:
    return EPOCH + int(after.partition("-")[0]) * MILLISECOND


def _token_after(document: Any) -> str:
    return pages.to_token(CHANGES, Position(document[UPDATE_TIME], ObjectId(document["_id"])))


def _change(document: Any, user_id: str) -> Change:
    """For somebody whom the task was taken from, the change is that, whatever came after it."""
    task = to_task(document)
    for departure in task.departures:
        if departure.user_id == user_id:
            return Change(task.id, departure.time, departure.version, None)
    return Change(task.id, task.update_time, task.version, None if document["deleted"] else task)
