"""Keeps the history of tasks in MongoDB: what each change was, who made it and when.

An entry is written with its change, in one atomic step, because it is the change's event, which is pushed into the task's outbox.
An event leaves the outbox only after its entry stands in the collection of this file, and until then it is read from the outbox:
no crash loses an entry, and no change is without one. An event that is sent twice leaves one entry, because its id is the key.
"""

import contextlib
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from mesh import outbox, pages
from mesh.events import Event
from mesh.inserts import Inserter
from mesh.mongo import Document, object_id
from task_svc.mapping import entry_of
from task_svc.model import FieldChange, HistoryEntry
from task_svc.repository import COLLECTION
from task_svc.schedule import Alarm
from task_svc.use_cases import HistoryPage

HISTORY = "history"
# Events that tell of no change.
NO_CHANGES = frozenset(f"task.{alarm}" for alarm in Alarm)
# Beyond all versions.
NEWEST = 2**62


class MongoTaskHistory:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._tasks, self._history = database[COLLECTION], database[HISTORY]
        self._insert = Inserter(self._history)

    async def ensure_indexes(self) -> None:
        await self._history.create_index([("taskId", ASCENDING), ("version", DESCENDING)], name="of_task_newest_first")

    async def record(self, event: Event) -> None:
        """Keep the change that the event tells of, if it does; again, it changes nothing."""
        if event.type in NO_CHANGES:
            return
        with contextlib.suppress(DuplicateKeyError):
            await self._insert(_to_document(ObjectId(event.subject), entry_of(event)))

    async def list(self, member_id: str, task_id: str, page_size: int, page_token: str) -> HistoryPage | None:
        question, key = f"history of task {task_id}", object_id(task_id)
        position = pages.from_token(question, page_token)
        below = position.key if position and isinstance(position.key, int) else NEWEST
        # The outbox first: what leaves it meanwhile is in the history then.
        task = await self._tasks.find_one({"_id": key, "memberIds": member_id}, {outbox.FIELD: True})
        if key is None or task is None:
            return None
        found = self._history.find({"taskId": key, "version": {"$lt": below}}).sort("version", DESCENDING).limit(page_size + 1)
        waiting = [entry_of(Event.from_document(each)) for each in task[outbox.FIELD] if each["type"] not in NO_CHANGES]
        entries = {each.version: each for each in (*waiting, *map(_to_entry, await found.to_list()))}
        newest = [entries[version] for version in sorted(entries, reverse=True) if version < below]
        return _page(question, key, newest, page_size)


def _page(question: str, key: ObjectId, newest: list[HistoryEntry], page_size: int) -> HistoryPage:
    if len(newest) <= page_size:
        return HistoryPage(newest, None)
    last = newest[page_size - 1]
    return HistoryPage(newest[:page_size], pages.to_token(question, pages.Position(last.version, key)))


def _to_document(task_key: ObjectId, entry: HistoryEntry) -> Document:
    return {
        "_id": entry.event_id,
        "taskId": task_key,
        "type": entry.type,
        "actorId": entry.actor_id,
        "time": entry.time,
        "version": entry.version,
        "changes": [{"field": each.field, "before": each.before, "after": each.after} for each in entry.changes],
    }


def _to_entry(document: Any) -> HistoryEntry:
    return HistoryEntry(
        event_id=document["_id"],
        type=document["type"],
        actor_id=document["actorId"],
        time=document["time"],
        version=document["version"],
        changes=tuple(FieldChange(**each) for each in document["changes"]),
    )
