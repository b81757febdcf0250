"""A notification service in this process, on a free port, with a database of its own; its broker, and people who use it."""

import secrets
from collections.abc import AsyncIterator

import pytest
from bson import ObjectId
from pydantic import SecretStr
from unified.notify.v1.notification_service_pb2_grpc import NotificationServiceStub

from dev.servers import RabbitMQ
from mesh import topology
from mesh.amqp import Broker, Channel, Publisher
from notify_svc.app import app
from notify_svc.consumer import QUEUES
from notify_svc.settings import NotifySettings
from tests.callers import reaching, signed_in
from tests.integration.notify_svc.person import Person
from tests.waiting import PATIENCE_S


@pytest.fixture(scope="module")
async def broker_url(rabbitmq: RabbitMQ) -> str:
    """A virtual host that these tests share: each has users of its own, and leaves no events behind."""
    return await rabbitmq.add_virtual_host(f"notify_{secrets.token_hex(6)}")


@pytest.fixture
def settings(mongo_uri: str, database_name: str, broker_url: str, jwt_secret: str) -> NotifySettings:
    settings = NotifySettings(
        mongo_uri_notification_service=mongo_uri,
        db_name_notification_service=database_name,
        rabbitmq_url=broker_url,
        jwt_secret=SecretStr(jwt_secret),
        # So long that what needs a second attempt does not arrive in a test's time.
        event_retry_delays_seconds=(3600,),
        drain_seconds=0,
    )
    # What a port that is free means to the server, but is no setting.
    return settings.model_copy(update={"notification_service_port": 0})


@pytest.fixture
async def ada(settings: NotifySettings, jwt_secret: str) -> AsyncIterator[Person]:
    async with app(settings) as port, reaching(port) as channel:
        ada_id = str(ObjectId())
        yield Person(NotificationServiceStub(channel), ada_id, signed_in(ada_id, jwt_secret))


@pytest.fixture
def bob(ada: Person, jwt_secret: str) -> Person:
    bob_id = str(ObjectId())
    return Person(ada.stub, bob_id, signed_in(bob_id, jwt_secret))


@pytest.fixture
async def publisher(ada: Person, broker_url: str) -> AsyncIterator[Publisher]:
    """Whoever sends events. What they send waits in the service's queues even before the service takes it."""
    publisher = Publisher(declare_queues, confirm_timeout_s=PATIENCE_S)
    async with Broker(broker_url, [publisher], name="tests") as broker:
        await broker.up()
        yield publisher


async def declare_queues(channel: Channel) -> None:
    await topology.declare_events(channel)
    for queue, event_type in QUEUES.items():
        await topology.declare_queue(channel, queue, event_type)
