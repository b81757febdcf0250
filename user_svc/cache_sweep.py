"""Repeats into the profile cache what changes could not write there: after a crash, or while Redis was away."""

from collections.abc import Callable
from datetime import datetime, timedelta

from user_svc.cache import RedisProfileCache
from user_svc.repository import MongoUserRepository

LIMIT = 1000
# Until then a version is written again and again: a crash of Redis loses what its log did not have on disk, and a slow read
# could put an old version in the place of a new one that Redis has lost. Longer than READ_TIMEOUT_S.
SETTLED_AFTER = timedelta(seconds=10)


class CacheSweep:
    """One run brings the cache up to date with every change that was acknowledged before the run."""

    def __init__(self, users: MongoUserRepository, cache: RedisProfileCache, now: Callable[[], datetime]) -> None:
        self._users, self._cache, self._now = users, cache, now

    async def __call__(self) -> None:
        missed = self._cache.missed
        await self._cache.check()
        pending = await self._users.cache_pending(LIMIT)
        await self._cache.write(pending)
        settled = self._now() - SETTLED_AFTER
        await self._users.mark_cached([user for user in pending if user.update_time <= settled])
        if len(pending) < LIMIT:
            self._cache.use_again(missed)
