"""The outbox against a real MongoDB and a real broker: every event goes out, and what is out is out of the document."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from dev.servers import RabbitMQ
from mesh import topology
from mesh.amqp import Broker, Channel, Delivery, Publisher
from mesh.events import Event
from mesh.leases import Lease
from mesh.mongo import Document
from mesh.outbox import FIELD, SWEEP_BATCH, Outbox, pushing
from tests.metrics import counted
from tests.task_events import NOON, task_event
from tests.waiting import PATIENCE_S, eventually, until

Documents = AsyncCollection[Document]


@pytest.fixture
def event_type() -> str:
    """A type, and a queue of the same name, of this test's own."""
    return f"test_{secrets.token_hex(6)}"


@pytest.fixture
def new_event(event_type: str) -> Callable[[], Event]:
    """Makes events that happened long ago."""
    return lambda: replace(task_event("created"), type=event_type)


@pytest.fixture
def documents(database: AsyncDatabase[Document]) -> Documents:
    return database["documents"]


class Received:
    """A session that takes the events of one type, from a queue of its own."""

    def __init__(self, event_type: str) -> None:
        self.events: list[Event] = []
        self._event_type = event_type

    async def opened(self, channel: Channel) -> None:
        await topology.declare_events(channel)
        await topology.declare_queue(channel, self._event_type, self._event_type)
        await channel.consume(self._event_type, 100, self._take)

    def _take(self, delivery: Delivery) -> None:
        self.events.append(Event.from_headers(delivery.message.headers, delivery.message.body))
        delivery.ack()

    def lost(self) -> None:
        pass

    @property
    def ids(self) -> list[str]:
        return sorted(event.id for event in self.events)


@pytest.fixture
async def received(rabbitmq: RabbitMQ, event_type: str) -> AsyncIterator[Received]:
    received = Received(event_type)
    async with Broker(rabbitmq.url, [received], name="tests") as broker:
        await broker.up()
        yield received


class Writer:
    """A process that writes documents with events: its outbox, and its connection to the broker, not made yet."""

    def __init__(self, documents: Documents, url: str, name: str) -> None:
        self.publisher = Publisher(topology.declare_events, confirm_timeout_s=PATIENCE_S)
        self.broker = Broker(url, [self.publisher], name=name)
        lease = Lease(documents.database["leases"], "sweep", name, timedelta(hours=1))
        self.recorded: list[Event] = []
        self.can_record = True
        self.outbox = Outbox(documents, self.publisher, lease, sweep_age_s=60, record=self._record)
        self._stack = contextlib.AsyncExitStack()

    async def connect(self) -> None:
        await self._stack.enter_async_context(self.broker)
        await self.broker.up()

    async def _record(self, event: Event) -> None:
        if not self.can_record:
            raise PyMongoError("the disk is full")
        self.recorded.append(event)

    async def stop(self) -> None:
        await self.outbox.stop(PATIENCE_S)
        await self._stack.aclose()


@pytest.fixture
async def writer(documents: Documents, rabbitmq: RabbitMQ) -> AsyncIterator[Writer]:
    writer = Writer(documents, rabbitmq.url, "first")
    await writer.outbox.ensure_indexes()
    yield writer
    await writer.stop()


@pytest.fixture
async def second_writer(documents: Documents, rabbitmq: RabbitMQ) -> AsyncIterator[Writer]:
    writer = Writer(documents, rabbitmq.url, "second")
    yield writer
    await writer.stop()


async def write(documents: Documents, *events: Event) -> ObjectId:
    """A document with these events in its outbox, as a write leaves it."""
    key = ObjectId()
    for event in events or ():
        await documents.update_one({"_id": key}, pushing(event), upsert=True)
    return key


async def pending(documents: Documents) -> list[str]:
    found = await documents.find({}, {FIELD: True}).to_list()
    return sorted(entry["id"] for document in found for entry in document[FIELD])


async def test_an_event_is_published_at_once_and_pulled(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    await writer.connect()
    event, later = new_event(), new_event()
    key = await write(documents, event, later)
    writer.outbox.publish_soon(key, event)
    await eventually(lambda: pending(documents), lambda ids: ids == [later.id])
    await until(lambda: received.events == [event])
    assert writer.recorded == [event]


async def test_an_event_that_cannot_be_recorded_stays(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    await writer.connect()
    writer.can_record = False
    event = new_event()
    writer.outbox.publish_soon(await write(documents, event), event)
    await until(lambda: received.events == [event])
    await writer.outbox.sweep()
    assert await pending(documents) == [event.id]
    writer.can_record = True

    async def left_by_a_sweep() -> list[str]:
        await writer.outbox.sweep()
        return await pending(documents)

    # The next sweep goes on behind what failed, and the one after it begins anew.
    await eventually(left_by_a_sweep, lambda ids: ids == [])
    assert writer.recorded == [event]


async def test_what_is_under_way_is_finished_before_a_stop(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    await writer.connect()
    events = [new_event() for _ in range(100)]
    for event in events:
        writer.outbox.publish_soon(await write(documents, event), event)
    await writer.outbox.stop(PATIENCE_S)
    assert await pending(documents) == []
    await until(lambda: received.ids == sorted(event.id for event in events))


async def test_without_a_broker_events_stay_and_go_out_when_it_is_there(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    out, waiting = new_event(), [new_event() for _ in range(3)]
    young = replace(new_event(), time=datetime.now(UTC))
    await write(documents, waiting[0], young)
    key = await write(documents, *waiting[1:], out)
    await documents.update_one({"_id": key}, {"$pull": {FIELD: {"id": out.id}}})
    writer.outbox.publish_soon(key, waiting[1])
    await writer.outbox.sweep()
    assert len(await pending(documents)) == 4

    await writer.connect()
    await writer.outbox.sweep()

    # One that is younger than the sweep's age still belongs to its writer.
    assert await pending(documents) == [young.id]
    await until(lambda: len(received.events) == 3)
    assert sorted(received.events, key=lambda event: event.id) == sorted(waiting, key=lambda event: event.id)


async def test_an_event_that_no_queue_wants_waits_for_one(
    rabbitmq: RabbitMQ, writer: Writer, documents: Documents, new_event: Callable[[], Event]
) -> None:
    def published(outcome: str) -> float:
        return counted("unified_outbox_published_total", outbox=documents.name, outcome=outcome)

    await writer.connect()
    event = new_event()
    await write(documents, event)
    sent, unsent = published("sent"), published("unsent")
    await writer.outbox.sweep()
    assert await pending(documents) == [event.id]
    assert (published("sent"), published("unsent")) == (sent, unsent + 1)
    received = Received(event.type)
    async with Broker(rabbitmq.url, [received], name="tests") as broker:
        await broker.up()
        await eventually_swept(writer, documents)
        await until(lambda: received.events == [event])


async def eventually_swept(writer: Writer, documents: Documents) -> None:
    """A new queue takes messages once it has elected its leader."""

    async def sweep() -> list[str]:
        await writer.outbox.sweep()
        return await pending(documents)

    await eventually(sweep, lambda ids: not ids)


async def test_of_two_sweepers_one_works_until_its_lease_ends(
    writer: Writer, second_writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    await writer.connect()
    await second_writer.connect()
    await writer.outbox.sweep()
    event = new_event()
    await write(documents, event)

    await second_writer.outbox.sweep()
    assert await pending(documents) == [event.id]

    # As if the first had died an hour ago.
    await documents.database["leases"].update_one({}, {"$set": {"until": datetime.now(UTC) - timedelta(seconds=1)}})
    await second_writer.outbox.sweep()
    assert await pending(documents) == []

    last = new_event()
    await write(documents, last)
    await writer.outbox.sweep()
    assert await pending(documents) == [last.id]

    # A stop that is no death leaves the work to the other at once.
    await second_writer.outbox.stop(PATIENCE_S)
    await writer.outbox.sweep()
    assert await pending(documents) == []
    await until(lambda: received.ids == sorted([event.id, last.id]))


async def test_a_long_backlog_drains(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    one_document, many_documents = [new_event() for _ in range(300)], [new_event() for _ in range(700)]
    backlog = [one_document, *([event] for event in many_documents)]
    await documents.insert_many([{FIELD: [event.to_document() for event in events]} for events in backlog])
    await writer.connect()
    await writer.outbox.sweep()
    assert await pending(documents) == []
    await until(lambda: received.ids == sorted(event.id for event in one_document + many_documents))


async def test_many_events_at_once_do_not_wait_in_memory(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    narrow = Outbox(documents, writer.publisher, writer.outbox._lease, sweep_age_s=60, at_once=10)
    await writer.connect()
    events = [new_event() for _ in range(50)]
    keys = [await write(documents, event) for event in events]
    for key, event in zip(keys, events, strict=True):
        narrow.publish_soon(key, event)
    await narrow.stop(PATIENCE_S)
    assert len(await pending(documents)) == 40
    await writer.outbox.sweep()
    await until(lambda: received.ids == sorted(event.id for event in events))


async def test_a_sweep_looks_at_nothing_but_what_is_pending(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    await documents.insert_many([{FIELD: []} for _ in range(500)])
    await asyncio.gather(*(write(documents, new_event()) for _ in range(5)))
    await writer.connect()
    await documents.database.command("profile", 2)
    await writer.outbox.sweep()
    await documents.database.command("profile", 0)
    profile = documents.database["system.profile"]
    queries = await profile.find({"op": "query", "ns": documents.full_name}).sort("ts", 1).to_list()
    assert [(query["docsExamined"], query["planSummary"]) for query in queries] == [
        (5, "IXSCAN { outbox.time: 1 }"),
        (0, "IXSCAN { outbox.time: 1 }"),
    ]
    assert not [query for query in queries if query.get("hasSortStage")]


async def test_events_that_nobody_takes_do_not_hold_up_what_stands_behind_them(
    writer: Writer, documents: Documents, received: Received, new_event: Callable[[], Event]
) -> None:
    await writer.connect()
    times = [NOON + timedelta(seconds=number) for number in range(SWEEP_BATCH + 50)]
    unwanted = [replace(new_event(), type="nobody.cares", time=time) for time in times]
    await asyncio.gather(*(write(documents, event) for event in unwanted))
    wanted = replace(new_event(), time=NOON + timedelta(hours=1))
    await write(documents, wanted)
    for _ in range(3):
        await writer.outbox.sweep()
    await until(lambda: received.ids == [wanted.id])
    assert await pending(documents) == sorted(event.id for event in unwanted)


async def test_the_probe_says_how_much_waits_and_since_when(
    writer: Writer, documents: Documents, new_event: Callable[[], Event]
) -> None:
    assert await writer.outbox.probe() == {"pending": 0, "oldestSeconds": 0}
    await write(documents, replace(new_event(), time=datetime.now(UTC)))
    await write(documents, replace(new_event(), time=datetime.now(UTC) - timedelta(minutes=2)))
    figures = await writer.outbox.probe()
    assert figures["pending"] == 2
    assert 120 <= figures["oldestSeconds"] < 180
    assert counted("unified_outbox_pending", outbox=documents.name) == 2
    assert counted("unified_outbox_oldest_seconds", outbox=documents.name) == figures["oldestSeconds"]
