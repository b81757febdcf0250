"""The profile cache never answers an old profile after a change was acknowledged."""

import asyncio
import random
from dataclasses import replace

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis
from unified.user.v1 import user_pb2

from mesh.mongo import Document
from tests.integration.user_svc.cache.profiles import NOON, use_cases_of
from user_svc.cache import RedisProfileCache
from user_svc.model import Account, User
from user_svc.repository import MongoUserRepository


async def test_a_profile_is_kept_for_the_time_that_is_set(ada: User, cache: RedisProfileCache, redis: Redis) -> None:
    await cache.fill(ada)
    assert await cache.get(ada.id) == ada
    assert 3590 < await redis.ttl(f"unified:profile:{ada.id}") <= 3600


async def test_a_kept_profile_needs_no_database(
    ada: User, users: MongoUserRepository, cache: RedisProfileCache, database: AsyncDatabase[Document]
) -> None:
    use_cases = use_cases_of(users, cache)
    await use_cases.profile(ada.id)
    await database["users"].delete_one({})
    assert await use_cases.profile(ada.id) == ada


async def test_an_older_version_never_replaces_a_newer_one(ada: User, cache: RedisProfileCache) -> None:
    newest = replace(ada, name="newest", version=12)
    await cache.put(newest)
    # As text, 9 would be greater than 12.
    for version in (1, 9, 11, 12):
        await cache.fill(replace(ada, version=version))
    assert await cache.get(ada.id) == newest


# Of a build that knew no time zones: who reads it would answer another one than MongoDB has.
OF_BEFORE = b"1:" + user_pb2.User(id="665f1f77bcf86cd799439011", name="Ada", etag="1").SerializeToString()


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"7:\xff\xff", b"1:", OF_BEFORE])
async def test_an_entry_that_is_none_of_ours_is_a_miss(garbage: bytes, ada: User, cache: RedisProfileCache, redis: Redis) -> None:
    await redis.set(f"unified:profile:{ada.id}", garbage)
    assert await cache.get(ada.id) is None
    newer = replace(ada, version=8)
    await cache.fill(newer)
    assert await cache.get(ada.id) == newer


async def test_many_read_and_fill_at_once(cache: RedisProfileCache, ada: User) -> None:
    people = [replace(ada, id=str(ObjectId()), name=f"Ada {number}") for number in range(250)]
    await asyncio.gather(*(cache.fill(person) for person in people))
    assert await asyncio.gather(*(cache.get(person.id) for person in people)) == people


class PausedReads(MongoUserRepository):
    """A read that has its answer from MongoDB waits to go on."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        super().__init__(database)
        self.has_read, self.go_on = asyncio.Event(), asyncio.Event()

    async def get(self, user_id: str) -> User | None:
        user = await super().get(user_id)
        self.has_read.set()
        await self.go_on.wait()
        return user


@pytest.mark.parametrize("filled", [False, True], ids=["nothing kept", "the old profile kept"])
async def test_a_fill_that_comes_after_a_change_keeps_the_change(
    filled: bool, ada: User, users: MongoUserRepository, cache: RedisProfileCache, database: AsyncDatabase[Document]
) -> None:
    paused = PausedReads(database)
    reading = asyncio.create_task(use_cases_of(paused, cache).profile(ada.id))
    await asyncio.wait_for(paused.has_read.wait(), 10)
    if filled:
        await cache.fill(ada)

    changed = await use_cases_of(users, cache).change_profile(ada.id, {"name": "Ada King"}, etag="")
    paused.go_on.set()

    assert await asyncio.wait_for(reading, 10) == ada
    assert await use_cases_of(users, cache).profile(ada.id) == changed


class Dawdling(MongoUserRepository):
    """Reads and writes linger a random while on both sides of MongoDB, which shuffles them."""

    def __init__(self, database: AsyncDatabase[Document], dice: random.Random) -> None:
        super().__init__(database)
        self._dice = dice

    async def get(self, user_id: str) -> User | None:
        await self._linger()
        user = await super().get(user_id)
        await self._linger()
        return user

    async def update(self, user: User) -> bool:
        stored = await super().update(user)
        await self._linger()
        return stored

    async def _linger(self) -> None:
        await asyncio.sleep(self._dice.random() * 0.01)


@pytest.mark.parametrize("seed", range(5))
async def test_no_order_of_reads_and_changes_answers_an_old_profile(
    seed: int, users: MongoUserRepository, cache: RedisProfileCache, database: AsyncDatabase[Document]
) -> None:
    dice = random.Random(seed)
    use_cases = use_cases_of(Dawdling(database, dice), cache)

    async def read_and_change(user: User) -> int:
        acknowledged = 1

        async def read() -> None:
            await asyncio.sleep(dice.random() * 0.02)
            least = acknowledged
            assert (await use_cases.profile(user.id)).version >= least

        async def change(name: str) -> None:
            nonlocal acknowledged
            changed = await use_cases.change_profile(user.id, {"name": name}, etag="")
            acknowledged = max(acknowledged, changed.version)

        # Nothing is kept yet, so that reads at all times come with a fill.
        await asyncio.gather(*(read() for _ in range(10)), change("second"), change("third"))
        await read()
        return acknowledged

    people = [User(str(ObjectId()), f"{number}@example.com", "first", NOON, NOON) for number in range(30)]
    await asyncio.gather(*(users.add(Account(person, "no hash")) for person in people))
    assert await asyncio.gather(*(read_and_change(person) for person in people)) == [3] * 30
