"""Leases in MongoDB: of all processes that want to do a job, one does it; when it dies, another takes over."""

import contextlib
from datetime import timedelta

import pymongo
from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from mesh.mongo import Document

# Of a process that is being stopped.
RELEASE_TIMEOUT_S = 1.0


class Lease:
    """The right to do one job, for `duration` from each successful `acquire`. The server's clock decides, not ours."""

    def __init__(self, leases: AsyncCollection[Document], job: str, holder: str, duration: timedelta) -> None:
        self._leases, self._job, self._holder = leases, job, holder
        self._duration_ms = int(duration.total_seconds() * 1000)

    async def acquire(self) -> bool:
        """Take the lease, or prolong it; False while somebody else holds it."""
        mine = {"$literal": self._holder}
        # A row that does not exist yet has no `until`, which is less than any moment.
        free = {"$or": [{"$eq": ["$holder", mine]}, {"$lt": ["$until", "$$NOW"]}]}
        until = {"$add": ["$$NOW", self._duration_ms]}
        change = {"holder": {"$cond": [free, mine, "$holder"]}, "until": {"$cond": [free, until, "$until"]}}
        try:
            row = await self._leases.find_one_and_update(
                {"_id": self._job}, [{"$set": change}], upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # somebody else made the row at the same moment
            return False
        return row is not None and bool(row["holder"] == self._holder)

    async def release(self) -> None:
        """Let others have it at once. While the database is away they wait until it has run out."""
        with contextlib.suppress(PyMongoError), pymongo.timeout(RELEASE_TIMEOUT_S):
            await self._leases.delete_one({"_id": self._job, "holder": self._holder})
