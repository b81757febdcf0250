"""Removes for good what was deleted long ago, and its history with it. A leased job: of all processes one does it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pymongo
from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase

from mesh import outbox
from mesh.leases import Lease
from mesh.mongo import Document
from mesh.transactions import in_transaction, session
from task_svc.finding import DELETED
from task_svc.history import HISTORY
from task_svc.repository import COLLECTION

log = logging.getLogger(__name__)

BATCH = 50
TIMEOUT_S = 5.0


class Purge:
    """`kept` is how long a deleted task can be restored. One whose events are not all out stays until they are."""

    def __init__(self, database: AsyncDatabase[Document], lease: Lease, *, kept: timedelta, now: Callable[[], datetime]) -> None:
        self._database, self._lease, self._kept, self._now = database, lease, kept, now
        self._tasks, self._history = database[COLLECTION], database[HISTORY]

    async def ensure_indexes(self) -> None:
        await self._tasks.create_index([("deleteTime", ASCENDING)], name="deleted_first", partialFilterExpression=DELETED)

    async def run(self) -> None:
        """Remove everything that is due, unless another process is at it."""
        while await self._remove_some():
            pass

    async def _remove_some(self) -> bool:
        """Whether there may be more."""
        with pymongo.timeout(TIMEOUT_S):
            if not await self._lease.acquire():
                return False
            removed = await in_transaction(self._database.client, self._remove_batch)
        if removed:
            log.info("tasks purged", extra={"count": removed})
        return removed > 0

    async def _remove_batch(self) -> int:
        """All of it or nothing, and nothing of what is restored meanwhile: that writes to the same document."""
        due = {
            **DELETED,
            "deleteTime": {"$lt": self._now() - self._kept},
            f"{outbox.FIELD}.0": {"$exists": False},
        }
        found = await self._tasks.find(due, {"_id": True}, session=session()).limit(BATCH).to_list()
        keys = {"$in": [each["_id"] for each in found]}
        await self._tasks.delete_many({"_id": keys}, session=session())
        await self._history.delete_many({"taskId": keys}, session=session())
        return len(found)
