"""A user service in this process, on a free port, and somebody who uses it."""

from collections.abc import AsyncIterator

import grpc
import pytest
from pydantic import SecretStr
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from tests.callers import reaching
from tests.integration.user_svc.person import Person, Visitor
from user_svc.app import app
from user_svc.settings import UserSettings


@pytest.fixture
def settings(mongo_uri: str, redis_url: str, database_name: str, jwt_secret: str) -> UserSettings:
    settings = UserSettings(
        mongo_uri_user_service=mongo_uri,
        db_name_user_service=database_name,
        redis_url=redis_url,
        jwt_secret=SecretStr(jwt_secret),
        bcrypt_cost=4,
        profile_cache_sweep_interval_seconds=0.05,
        drain_seconds=0,
    )
    # What a port that is free means to the server, but is no setting.
    return settings.model_copy(update={"user_service_port": 0})


@pytest.fixture
async def channel(settings: UserSettings) -> AsyncIterator[grpc.aio.Channel]:
    async with app(settings) as port, reaching(port) as channel:
        yield channel


@pytest.fixture
def visitor(channel: grpc.aio.Channel) -> Visitor:
    return Visitor(UserServiceStub(channel))


@pytest.fixture
async def ada(visitor: Visitor) -> Person:
    return await Person.new(visitor, "ada@example.com")
