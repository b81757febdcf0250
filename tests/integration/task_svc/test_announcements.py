"""What the outbox holds: an event for each change, written by the very write that made the change."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_events_pb2, task_pb2

from mesh import topology
from mesh.amqp import Broker, Publisher
from mesh.events import Event
from mesh.mongo import Document
from mesh.outbox import MOST_BYTES, MOST_PENDING
from task_svc.app import app
from task_svc.settings import TaskSettings
from tests.callers import reaching
from tests.integration.task_svc.person import Person
from tests.refusals import refused
from tests.waiting import eventually


async def stored(database: AsyncDatabase[Document], task_id: str) -> Document:
    document = await database["tasks"].find_one({"_id": ObjectId(task_id)})
    assert document is not None
    return document


async def announced(database: AsyncDatabase[Document], task_id: str) -> list[tuple[Event, task_events_pb2.TaskEvent]]:
    events = [Event.from_document(entry) for entry in (await stored(database, task_id))["outbox"]]
    return [(event, task_events_pb2.TaskEvent.FromString(event.data)) for event in events]


async def test_each_change_is_announced_once_in_order(ada: Person, database: AsyncDatabase[Document]) -> None:
    made = await ada.create(priority=task_pb2.PRIORITY_LOW)
    changed = await ada.change(made.id, title="Ship it now", priority=task_pb2.PRIORITY_LOW, labels=["a"])
    await ada.change(made.id, title="Ship it now")
    await ada.delete(made.id)
    restored = await ada.restore(made.id)
    await ada.restore(made.id)

    events = await announced(database, made.id)

    assert [(event.type, event.sequence) for event, _ in events] == [
        ("task.created", 1),
        ("task.updated", 2),
        ("task.deleted", 3),
        ("task.restored", 4),
    ]
    assert len({event.id for event, _ in events}) == 4
    for event, payload in events:
        assert (event.source, event.subject, event.schema) == ("task_svc", made.id, "unified.task.v1.TaskEvent")
        assert payload.actor_id == ada.user_id
    (_, first), (_, second), (_, third), (_, fourth) = events
    assert (first.WhichOneof("kind"), first.task) == ("created", made)
    assert (second.WhichOneof("kind"), second.task) == ("updated", changed)
    assert list(second.updated.changed_fields) == ["title", "labels"]
    assert (third.WhichOneof("kind"), third.task.title) == ("deleted", "Ship it now")
    assert (fourth.WhichOneof("kind"), fourth.task) == ("restored", restored)


async def test_an_event_knows_the_request_and_the_moment(ada: Person, database: AsyncDatabase[Document]) -> None:
    asking = Person(ada.stub, ada.user_id, (*ada.metadata, ("x-request-id", "request-7")))
    task = await asking.create()
    ((event, _),) = await announced(database, task.id)
    assert event.request_id == "request-7"
    assert event.time == (await stored(database, task.id))["createTime"]


async def test_of_many_changes_at_once_no_sequence_is_missing(ada: Person, database: AsyncDatabase[Document]) -> None:
    task = await ada.create()
    await asyncio.gather(*(ada.change(task.id, title=f"title {number}") for number in range(10)))
    events = await announced(database, task.id)
    assert [event.sequence for event, _ in events] == list(range(1, 12))
    assert [payload.task.etag for _, payload in events] == [str(number) for number in range(1, 12)]


async def test_a_deleted_task_stays_as_a_tombstone(ada: Person, database: AsyncDatabase[Document]) -> None:
    task = await ada.create()
    await ada.delete(task.id)
    tombstone = await stored(database, task.id)
    assert tombstone["deleted"] is True
    assert tombstone["deleteTime"] == tombstone["updateTime"]
    assert len(tombstone["outbox"]) == 2


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([{"id": str(number)} for number in range(MOST_PENDING)], id="too many"),
        pytest.param([{"id": "long", "data": b"x" * MOST_BYTES}], id="too long"),
    ],
)
async def test_a_task_with_too_much_unsent_takes_no_change(
    entries: list[dict[str, Any]], ada: Person, database: AsyncDatabase[Document]
) -> None:
    task, other = await ada.create(), await ada.create()
    await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$set": {"outbox": entries}})
    for call in (ada.change(task.id, title="new"), ada.delete(task.id)):
        with refused(reason_pb2.REASON_OVERLOADED) as refusal:
            await call
        assert refusal.errors[0].retry_after_s
    assert await ada.get(task.id) == task
    assert (await stored(database, task.id))["outbox"] == entries
    # It takes changes again as soon as one event is out, and others always did.
    await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$pop": {"outbox": -1}})
    assert (await ada.change(task.id, title="new")).etag == "2"
    assert (await ada.change(other.id, title="new")).etag == "2"


class TestWithABroker:
    """One that takes the events of created tasks, and a sweep that has no part in it."""

    @pytest.fixture
    def settings(self, settings: TaskSettings, rabbitmq_url: str) -> TaskSettings:
        changes = {"rabbitmq_url": rabbitmq_url, "outbox_sweep_interval_seconds": 3600, "outbox_sweep_age_seconds": 3600}
        return settings.model_copy(update=changes)

    async def test_an_event_leaves_the_outbox_at_once(
        self, ada: Person, database: AsyncDatabase[Document], rabbitmq_url: str
    ) -> None:
        publisher = Publisher(lambda channel: topology.declare_queue(channel, "task_created", "task.created"))
        async with Broker(rabbitmq_url, [publisher], name="tests") as broker:
            await broker.up()

            async def create_and_count() -> int:
                await ada.create()
                return await database["tasks"].count_documents({"outbox": []})

            # The first may come before the service has found the broker, or the queue its leader.
            await eventually(create_and_count)


async def test_without_a_broker_the_service_is_ready(settings: TaskSettings) -> None:
    async with app(settings) as port, reaching(port) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
        ready, rabbitmq = [await check(health_pb2.HealthCheckRequest(service=part), timeout=10) for part in ("", "rabbitmq")]
    assert ready.status == health_pb2.HealthCheckResponse.SERVING
    assert rabbitmq.status == health_pb2.HealthCheckResponse.NOT_SERVING
