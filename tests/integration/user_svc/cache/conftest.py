"""The cache and the users it keeps, without the server around them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis

from dev.ports import free_port
from dev.servers import RedisServer
from mesh.mongo import Document
from mesh.redis import open_redis
from tests.integration.user_svc.cache.profiles import NOON, swept
from tests.waiting import PATIENCE_S
from user_svc.cache import RedisProfileCache
from user_svc.model import Account, User
from user_svc.repository import MongoUserRepository


@pytest.fixture(autouse=True)
def patience_with_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is late is not gone."""
    monkeypatch.setattr("mesh.redis.TIMEOUT_S", PATIENCE_S)


@pytest.fixture
async def users(database: AsyncDatabase[Document]) -> MongoUserRepository:
    users = MongoUserRepository(database)
    await users.ensure_indexes()
    return users


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with open_redis(redis_url) as redis:
        yield redis


@pytest.fixture
async def cache(redis: Redis, users: MongoUserRepository) -> RedisProfileCache:
    return await swept(RedisProfileCache(redis, ttl_s=3600), users)


@pytest.fixture
async def ada(users: MongoUserRepository) -> User:
    user = User(str(ObjectId()), "ada@example.com", "Ada", create_time=NOON, update_time=NOON)
    await users.add(Account(user, "no hash"))
    return user


@pytest.fixture
async def own_redis(run_directory: Path) -> AsyncIterator[RedisServer]:
    """One that may be killed."""
    server = RedisServer(run_directory / "mortal", free_port())
    await server.start()
    yield server
    await server.stop()
