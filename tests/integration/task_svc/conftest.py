"""A task service in this process, on a free port, with a database of its own; and people who use it."""

from collections.abc import AsyncIterator

import grpc
import pytest
from bson import ObjectId
from pydantic import SecretStr
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub

from dev.ports import free_port
from task_svc.app import app
from task_svc.settings import TaskSettings
from tests.callers import reaching, signed_in
from tests.integration.task_svc.person import Person


@pytest.fixture
def settings(mongo_uri: str, database_name: str, jwt_secret: str) -> TaskSettings:
    settings = TaskSettings(
        mongo_uri_task_service=mongo_uri,
        db_name_task_service=database_name,
        # Nothing listens there: the service needs no broker, and every event stays where a test can see it.
        rabbitmq_url=f"amqp://127.0.0.1:{free_port()}",
        jwt_secret=SecretStr(jwt_secret),
        drain_seconds=0,
    )
    # What a port that is free means to the server, but is no setting.
    return settings.model_copy(update={"task_service_port": 0})


@pytest.fixture
async def channel(settings: TaskSettings) -> AsyncIterator[grpc.aio.Channel]:
    async with app(settings) as port, reaching(port) as channel:
        yield channel


@pytest.fixture
async def ada(channel: grpc.aio.Channel, jwt_secret: str) -> Person:
    ada_id = str(ObjectId())
    return Person(TaskServiceStub(channel), ada_id, signed_in(ada_id, jwt_secret))


@pytest.fixture
def bob(ada: Person, jwt_secret: str) -> Person:
    bob_id = str(ObjectId())
    return Person(ada.stub, bob_id, signed_in(bob_id, jwt_secret))
