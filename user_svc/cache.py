"""Keeps profiles in Redis: versioned, so that no order of reads, changes and fills leaves an old one behind.

The cache is out of use from the first failure (and from the start) until a sweep (`cache_sweep.py`) has brought it up to
date: what was changed while Redis was away cannot be read old from it.
"""

import contextlib
import logging
from collections.abc import Sequence

from google.protobuf.message import DecodeError
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError
from unified.user.v1 import user_pb2

from mesh.coalesce import Coalescer
from user_svc.mapping import user_from_proto, user_to_proto
from user_svc.model import User

log = logging.getLogger(__name__)

# Entries read "<version>:<unified.user.v1.User>". ARGV: seconds to live, then version and entry of each key.
PUT_UNLESS_NEWER = """
for index, key in ipairs(KEYS) do
  local version, entry = ARGV[2 * index], ARGV[2 * index + 1]
  local kept = redis.call('GET', key)
  local kept_version = kept and tonumber(string.match(kept, '^(%d+):') or 0) or 0
  if kept_version < tonumber(version) then
    redis.call('SET', key, version .. ':' .. entry, 'EX', ARGV[1])
  end
end
"""
READS = Counter("unified_profile_cache_reads", "Reads of the profile cache, and whether it was used.", ["outcome"])
HIT, MISS, BYPASS = (READS.labels(outcome) for outcome in ("hit", "miss", "bypass"))
MAX_BATCH = 100
PROBE_KEY = "unified:profile:probe"
PROBE_TTL_S = 10


class RedisProfileCache:
    """Commands that wait share a round trip, and are never cancelled half-way."""

    def __init__(self, redis: Redis, *, ttl_s: int) -> None:
        self._redis, self._ttl_s = redis, ttl_s
        self._put_unless_newer = redis.register_script(PUT_UNLESS_NEWER)
        self._reads: Coalescer[str, bytes | str | None] = Coalescer(self._mget, name="cached profiles", max_batch=MAX_BATCH)
        self._writes: Coalescer[User, None] = Coalescer(self._put_batch, name="profiles to cache", max_batch=MAX_BATCH)
        self._in_use = False
        # How often Redis missed something; a sweep that began before the last time did not see it all.
        self.missed = 0

    async def get(self, user_id: str) -> User | None:
        """The kept user, or nothing; also while the cache is out of use."""
        if not self._in_use:
            BYPASS.inc()
            return None
        entry = await self._reads(_key(user_id))
        user = _decode(entry) if isinstance(entry, bytes) else None
        (MISS if user is None else HIT).inc()
        return user

    async def fill(self, user: User) -> None:
        """Keep a user that was read, unless a newer version is kept."""
        if self._in_use:
            await self._writes(user)

    async def put(self, user: User) -> None:
        """Keep a user that was changed, unless a newer version is kept. What cannot be kept is left to the sweep."""
        if self._in_use:
            await self._writes(user)
        else:
            self.missed += 1

    async def check(self) -> None:
        """Raises RedisError or OSError when Redis does not write: one that only answers (a replica, or one out of memory) would
        miss every change."""
        try:
            await self._redis.set(PROBE_KEY, "", ex=PROBE_TTL_S)
        except (RedisError, OSError) as error:
            self._failed(error)
            raise

    async def write(self, users: Sequence[User]) -> None:
        """Put the users even while the cache is out of use. Raises RedisError or OSError."""
        if not users:
            return
        keys = [_key(user.id) for user in users]
        args: list[bytes | int] = [self._ttl_s]
        for user in users:
            args += [user.version, user_to_proto(user).SerializeToString()]
        try:
            await self._put_unless_newer(keys=keys, args=args)
        except (RedisError, OSError) as error:
            self._failed(error)
            raise

    def use_again(self, missed: int) -> None:
        """The cache is up to date, unless it missed something since `missed` was read."""
        if not self._in_use and missed == self.missed:
            self._in_use = True
            log.info("profile cache in use")

    async def _mget(self, keys: list[str]) -> list[bytes | str | None]:
        # Those who waited behind the failure are not made to wait for another one.
        if not self._in_use:
            return [None] * len(keys)
        try:
            return await self._redis.mget(keys)
        except (RedisError, OSError) as error:
            self._failed(error)
            return [None] * len(keys)

    async def _put_batch(self, users: list[User]) -> list[None]:
        if self._in_use:
            with contextlib.suppress(RedisError, OSError):
                await self.write(users)
        return [None] * len(users)

    def _failed(self, error: Exception) -> None:
        self.missed += 1
        if self._in_use:
            self._in_use = False
            log.warning("profile cache out of use", extra={"error": repr(error)})


def _key(user_id: str) -> str:
    return f"unified:profile:{user_id}"


def _decode(entry: bytes) -> User | None:
    """The user in an entry; nothing where it is not one of ours, or of a build that did not know all of a user."""
    try:
        message = user_pb2.User.FromString(entry.partition(b":")[2])
        return user_from_proto(message) if message.timezone else None
    except (DecodeError, ValueError):
        return None
