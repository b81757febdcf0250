"""A task service beside a user service that knows Ada, Bob and Eve."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as user_pb
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from task_svc.app import app
from task_svc.settings import TaskSettings
from tests.callers import reaching, signed_in
from tests.integration.task_svc.person import TIMEOUT_S, Person
from user_svc.app import app as user_app
from user_svc.settings import UserSettings

NAMES = ("Ada", "Bob", "Eve")


@pytest.fixture
async def users(mongo_uri: str, database_name: str, redis_url: str, jwt_secret: str) -> AsyncIterator[int]:
    """A user service. Yields its port."""
    settings = UserSettings(
        mongo_uri_user_service=mongo_uri,
        db_name_user_service=f"{database_name}_users",
        redis_url=redis_url,
        jwt_secret=SecretStr(jwt_secret),
        bcrypt_cost=4,
        drain_seconds=0,
    )
    async with user_app(settings.model_copy(update={"user_service_port": 0})) as port:
        yield port


@pytest.fixture
def settings(settings: TaskSettings, users: int) -> TaskSettings:
    return settings.model_copy(update={"user_service_target": f"127.0.0.1:{users}"})


@pytest.fixture
async def accounts(users: int) -> dict[str, user_pb2.User]:
    async with reaching(users) as channel:
        stub: Any = UserServiceStub(channel)
        requests = [user_pb.RegisterRequest(email=f"{name}@Example.com", password="x" * 8, name=name) for name in NAMES]
        answers = await asyncio.gather(*(stub.Register(request, timeout=TIMEOUT_S) for request in requests))
    return {answer.user.name: answer.user for answer in answers}


@pytest.fixture
async def people(settings: TaskSettings, accounts: dict[str, user_pb2.User], jwt_secret: str) -> AsyncIterator[dict[str, Person]]:
    async with app(settings) as port, reaching(port) as channel:
        stub = TaskServiceStub(channel)
        yield {name: Person(stub, user.id, signed_in(user.id, jwt_secret)) for name, user in accounts.items()}


@pytest.fixture
def ada(people: dict[str, Person]) -> Person:
    return people["Ada"]


@pytest.fixture
def bob(people: dict[str, Person]) -> Person:
    return people["Bob"]


@pytest.fixture
def eve(people: dict[str, Person]) -> Person:
    return people["Eve"]
