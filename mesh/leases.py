"""Leases in MongoDB: of all processes that want to do a job, one does it; when it dies, another takes over."""

from datetime import timedelta

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError

from mesh.mongo import Document


class Lease:
    """The right to do one job, for `duration` from each successful `acquire`. The server's clock decides, not ours."""

    def __init__(self, leases: AsyncCollection[Document], job: str, holder: str, duration: timedelta) -> None:
        self._leases, self._job, self._holder = leases, job, holder
        self._duration_ms = int(duration.total_seconds() * 1000)

    async def acquire(self) -> bool:
        """Take the lease, or prolong it; False while somebody else holds it."""
        free = {"$expr": {"$or": [{"$eq": ["$holder", self._holder]}, {"$lt": ["$until", "$$NOW"]}]}}
        taken = {"holder": self._holder, "until": {"$add": ["$$NOW", self._duration_ms]}}
        try:
            await self._leases.update_one({"_id": self._job, **free}, [{"$set": taken}], upsert=True)
        except DuplicateKeyError:  # the row exists and is not free: the upsert tried to insert a second
            return False
        return True

    async def release(self) -> None:
        """Let others have it at once."""
        await self._leases.delete_one({"_id": self._job, "holder": self._holder})
