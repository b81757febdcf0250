"""What the tests of the profile cache build from the service's parts."""

from datetime import UTC, datetime, timedelta

from user_svc.cache import RedisProfileCache
from user_svc.cache_sweep import CacheSweep
from user_svc.model import User
from user_svc.passwords import BcryptPasswords
from user_svc.repository import MongoUserRepository
from user_svc.tokens import JwtIssuer, shared_secret
from user_svc.use_cases import UserUseCases

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


async def swept(cache: RedisProfileCache, users: MongoUserRepository) -> RedisProfileCache:
    await CacheSweep(users, cache, now=lambda: LATER)()
    return cache


def use_cases_of(users: MongoUserRepository, cache: RedisProfileCache) -> UserUseCases:
    passwords = BcryptPasswords(cost=4, threads=1, queue_max=1)
    tokens = JwtIssuer(shared_secret("x" * 32), issuer="", audience="", ttl_s=1, now=lambda: 0, new_id=str)
    return UserUseCases(users, cache, passwords, tokens, now=lambda: NOON, new_id=str)


def renamed(user: User, name: str) -> User:
    return user.changed({"name": name}, at=NOON)
