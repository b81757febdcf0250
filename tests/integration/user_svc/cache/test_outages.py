"""The profile cache when Redis, or the process, was away: no error, and nothing old."""

import asyncio
from datetime import timedelta

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dev.servers import RedisServer
from mesh.mongo import Document
from mesh.redis import open_redis
from tests.integration.user_svc.cache.profiles import LATER, NOON, renamed, swept, use_cases_of
from tests.metrics import counted
from user_svc.cache import RedisProfileCache
from user_svc.cache_sweep import CacheSweep
from user_svc.model import User
from user_svc.repository import MongoUserRepository


async def test_a_change_that_died_before_the_cache_is_swept_into_it(
    ada: User, users: MongoUserRepository, cache: RedisProfileCache, redis: Redis, database: AsyncDatabase[Document]
) -> None:
    await cache.fill(ada)
    changed = renamed(ada, "Ada King")
    assert await users.update(changed)

    started_again = RedisProfileCache(redis, ttl_s=3600)
    assert await started_again.get(ada.id) is None
    await swept(started_again, users)

    assert await started_again.get(ada.id) == changed
    assert await cache.get(ada.id) == changed
    assert await database["users"].count_documents({"cachePending": True}) == 0


async def test_a_young_version_stays_marked(ada: User, users: MongoUserRepository, cache: RedisProfileCache) -> None:
    assert await users.update(renamed(ada, "Ada King"))
    await CacheSweep(users, cache, now=lambda: NOON + timedelta(seconds=9))()
    assert [user.version for user in await users.cache_pending(10)] == [2]


async def test_a_version_is_not_unmarked_for_an_older_one(ada: User, users: MongoUserRepository) -> None:
    second = renamed(ada, "second")
    third = renamed(second, "third")
    assert await users.update(second)
    assert await users.update(third)
    await users.mark_cached([second])
    assert await users.cache_pending(10) == [third]


async def test_a_sweep_that_missed_a_change_does_not_open_the_cache(
    ada: User, users: MongoUserRepository, cache: RedisProfileCache, redis: Redis
) -> None:
    await cache.fill(ada)
    closed = RedisProfileCache(redis, ttl_s=3600)
    changed = renamed(ada, "Ada King")

    class ChangedMeanwhile(MongoUserRepository):
        async def cache_pending(self, limit: int) -> list[User]:
            pending = await super().cache_pending(limit)
            assert await users.update(changed)
            await closed.put(changed)
            return pending

    await CacheSweep(ChangedMeanwhile(users._users.database), closed, now=lambda: LATER)()
    assert await closed.get(ada.id) is None
    await swept(closed, users)
    assert await closed.get(ada.id) == changed


async def test_without_redis_everything_works_and_its_return_brings_nothing_old(
    ada: User, users: MongoUserRepository, own_redis: RedisServer
) -> None:
    async with open_redis(own_redis.url) as redis:
        cache = await swept(RedisProfileCache(redis, ttl_s=3600), users)
        use_cases = use_cases_of(users, cache)
        await use_cases.profile(ada.id)
        own_redis.kill()
        assert await use_cases.profile(ada.id) == ada
        bypassed = counted("unified_profile_cache_reads_total", outcome="bypass")
        changed = await use_cases.change_profile(ada.id, {"name": "Ada King"}, etag="")
        assert await use_cases.profile(ada.id) == changed
        assert counted("unified_profile_cache_reads_total", outcome="bypass") == bypassed + 1
        with pytest.raises((RedisError, OSError)):
            await swept(cache, users)

        await own_redis.start()
        # What it had on its disk comes back with it.
        await RedisProfileCache(redis, ttl_s=3600).write([ada])
        assert await use_cases.profile(ada.id) == changed
        await swept(cache, users)
        assert await cache.get(ada.id) == changed


@pytest.mark.parametrize(
    ("refuse", "accept"),
    [
        (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]),
        (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
    ],
    ids=["out of memory", "replica"],
)
async def test_a_redis_that_answers_but_refuses_to_write_stays_out_of_use(
    ada: User, users: MongoUserRepository, own_redis: RedisServer, refuse: list[str], accept: list[str]
) -> None:
    async with open_redis(own_redis.url) as redis:
        cache = await swept(RedisProfileCache(redis, ttl_s=3600), users)
        await cache.fill(ada)
        assert await cache.get(ada.id) == ada

        await redis.execute_command(*refuse)  # type: ignore[no-untyped-call]
        for _ in range(2):
            with pytest.raises(RedisError):
                await swept(cache, users)
            assert await cache.get(ada.id) is None
        await redis.execute_command(*accept)  # type: ignore[no-untyped-call]
        await swept(cache, users)
        assert await cache.get(ada.id) == ada


async def test_a_redis_that_does_not_answer_is_asked_once(
    ada: User, users: MongoUserRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.redis.TIMEOUT_S", 0.25)
    asked = 0

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_redis(f"redis://127.0.0.1:{port}") as redis:
        cache = RedisProfileCache(redis, ttl_s=3600)
        cache.use_again(cache.missed)
        use_cases = use_cases_of(users, cache)
        together = await asyncio.gather(*(use_cases.profile(ada.id) for _ in range(250)))
        after = [await use_cases.profile(ada.id) for _ in range(10)]
    assert together + after == [ada] * 260
    assert asked == 1
