"""Removes for good what was deleted long ago, with its history and its comments. A leased job: of all processes one does it.

First a task becomes nobody's, so that it cannot be restored any more; then its comments and its history go, and itself last.
A process may die after each of these steps: the task is still there, and the next run goes on with it. Of comments, deleted
with their task or alone, tombstones go, each once its event is out.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pymongo
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from mesh import outbox
from mesh.leases import Lease
from mesh.mongo import Document
from task_svc.comments.repository import COMMENTS, TOMBSTONE
from task_svc.finding import DELETED, EXISTING
from task_svc.history import HISTORY
from task_svc.repository import COLLECTION

log = logging.getLogger(__name__)

TASK_BATCH, COMMENT_BATCH = 50, 1000
TIMEOUT_S = 5.0
ANNOUNCED: Document = {f"{outbox.FIELD}.0": {"$exists": False}}


class Purge:
    """`kept` is how long a deleted task can be restored. One whose events are not all out stays until they are."""

    def __init__(self, database: AsyncDatabase[Document], lease: Lease, *, kept: timedelta, now: Callable[[], datetime]) -> None:
        self._lease, self._kept, self._now = lease, kept, now
        self._tasks, self._history, self._comments = database[COLLECTION], database[HISTORY], database[COMMENTS]

    async def ensure_indexes(self) -> None:
        await self._tasks.create_index([("deleteTime", ASCENDING)], name="deleted_first", partialFilterExpression=DELETED)

    async def run(self) -> None:
        """Remove everything that is due, unless another process is at it."""
        for remove_some, name in ((self._remove_tasks, "tasks purged"), (self._remove_comments, "comments purged")):
            while removed := await self._leased(remove_some):
                log.info(name, extra={"count": removed})

    async def _leased(self, remove_some: Callable[[], Awaitable[int]]) -> int:
        with pymongo.timeout(TIMEOUT_S):
            return await remove_some() if await self._lease.acquire() else 0

    async def _remove_tasks(self) -> int:
        due = {**DELETED, **ANNOUNCED, "deleteTime": {"$lt": self._now() - self._kept}}
        found = await self._tasks.find(due, {"_id": True}).limit(TASK_BATCH).to_list()
        some = {"_id": {"$in": [each["_id"] for each in found]}}
        # A restoration that has read the task before names its version, and so comes too late.
        await self._tasks.update_many({**due, **some}, {"$set": {"memberIds": []}, "$inc": {"version": 1}})
        # What was restored meanwhile is somebody's.
        closed = await self._tasks.find({**some, "memberIds": []}, {"_id": True}).to_list()
        keys = {"$in": [each["_id"] for each in closed]}
        await self._comments.update_many({"taskId": keys, **EXISTING}, {"$set": TOMBSTONE})
        await self._history.delete_many({"taskId": keys})
        await self._tasks.delete_many({"_id": keys})
        return len(closed)

    async def _remove_comments(self) -> int:
        found = await self._comments.find({**DELETED, **ANNOUNCED}, {"_id": True}).limit(COMMENT_BATCH).to_list()
        await self._comments.delete_many({"_id": {"$in": [each["_id"] for each in found]}})
        return len(found)
