"""Events over a real RabbitMQ: confirmed, handled once or put aside, and on their way again after the broker returns."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from pymongo.errors import AutoReconnect

from dev.servers import RabbitMQ
from mesh import consumer as consumer_module
from mesh import topology
from mesh.amqp import Broker, Channel, Delivery, Message, NotConfirmedError, Publisher
from mesh.consumer import ATTEMPTS, FIRST_ERROR, LAST_ERROR, QUEUE, REASON, Consumer
from mesh.events import Event
from mesh.outbox import publish
from tests.metrics import counted
from tests.waiting import PATIENCE_S, until

LADDER_S = (0.1, 0.2)
ATTEMPT_S = 5.0


@pytest.fixture
def event_type() -> str:
    """A type, and a queue of the same name, of this test's own."""
    return f"test_{secrets.token_hex(6)}"


def an_event(event_type: str, number: int = 1) -> Event:
    return Event(
        id=f"event-{number}",
        type=event_type,
        source="tests",
        subject="665f1f77bcf86cd799439021",
        time=datetime(2026, 1, 2, 3, 4, 5, 678000, UTC),
        sequence=number,
        schema="unified.task.v1.TaskEvent",
        data=b"payload",
        request_id="req-1",
    )


class Recorder:
    """A handler that fails as often as it is told to."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.seen: asyncio.Queue[Event] = asyncio.Queue()
        self.calls = 0
        self._failures, self._error = failures, error or RuntimeError("handler failed")

    async def __call__(self, event: Event) -> None:
        self.calls += 1
        if self.calls <= self._failures:
            raise self._error
        self.seen.put_nowait(event)

    async def next(self) -> Event:
        async with asyncio.timeout(PATIENCE_S):
            return await self.seen.get()


class DeadLetters:
    """A session that collects what was buried."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()

    async def opened(self, channel: Channel) -> None:
        await topology.declare_dead_letters(channel)
        await channel.consume(topology.DEAD_LETTERS, 10, self._take)

    def _take(self, delivery: Delivery) -> None:
        self.messages.put_nowait(delivery.message)
        delivery.ack()

    def lost(self) -> None:
        pass

    async def of(self, queue: str) -> Message:
        async with asyncio.timeout(PATIENCE_S):
            while (message := await self.messages.get()).headers[QUEUE] != queue:
                pass
        return message


async def publish_until_confirmed(publisher: Publisher, event: Event) -> None:
    """As the outbox does: again with the same id, until the broker has it. A queue may still be electing its leader."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await until(lambda: publisher.is_open)
            with contextlib.suppress(NotConfirmedError, TimeoutError):
                return await asyncio.wait_for(publish(publisher, event), ATTEMPT_S)


Start = Callable[[Recorder], Awaitable[Publisher]]


@pytest.fixture
async def start(rabbitmq: RabbitMQ, event_type: str) -> AsyncIterator[Start]:
    async with contextlib.AsyncExitStack() as stack:

        async def started(handler: Recorder) -> Publisher:
            publisher = Publisher(topology.declare_events, confirm_timeout_s=PATIENCE_S)
            consumer = Consumer({event_type: event_type}, handler, publisher, ladder_s=LADDER_S)
            broker = await stack.enter_async_context(Broker(rabbitmq.url, [publisher, consumer], name="tests"))
            await until(lambda: broker.is_up)
            return publisher

        yield started


async def test_an_event_arrives_as_it_was_sent(start: Start, event_type: str) -> None:
    handler = Recorder()
    publisher = await start(handler)
    await publish(publisher, an_event(event_type))
    assert await handler.next() == an_event(event_type)


async def test_many_publishes_are_confirmed_together(start: Start, event_type: str) -> None:
    handler = Recorder()
    publisher = await start(handler)
    await asyncio.gather(*(publish(publisher, an_event(event_type, number)) for number in range(300)))
    seen = {(await handler.next()).sequence for _ in range(300)}
    assert seen == set(range(300))


async def test_an_event_that_no_queue_wants_is_not_confirmed(start: Start, event_type: str) -> None:
    publisher = await start(Recorder())
    with pytest.raises(NotConfirmedError, match="no queue"):
        await publish(publisher, an_event("nobody.cares"))
    await publish(publisher, an_event(event_type))


async def test_a_failed_event_climbs_the_ladder_until_it_succeeds(start: Start, event_type: str) -> None:
    handler = Recorder(failures=2)
    publisher = await start(handler)
    await publish(publisher, an_event(event_type))
    assert await handler.next() == an_event(event_type)
    assert handler.calls == 3


def settled(queue: str, outcome: str) -> float:
    return counted("unified_events_settled_total", queue=queue, outcome=outcome)


async def test_an_event_that_never_succeeds_is_buried_with_its_story(rabbitmq: RabbitMQ, start: Start, event_type: str) -> None:
    handler, dead = Recorder(failures=99), DeadLetters()
    publisher = await start(handler)
    async with Broker(rabbitmq.url, [dead], name="tests"):
        await publish(publisher, an_event(event_type))
        buried = await dead.of(event_type)
    assert handler.calls == len(LADDER_S) + 1
    assert buried.message_id == "event-1"
    assert buried.body == b"payload"
    assert buried.headers[REASON] == "attempts_exhausted"
    assert buried.headers[ATTEMPTS] == len(LADDER_S)
    assert "handler failed" in buried.headers[FIRST_ERROR]
    assert "handler failed" in buried.headers[LAST_ERROR]
    await until(lambda: (settled(event_type, "retried"), settled(event_type, "buried")) == (len(LADDER_S), 1))


async def test_a_message_that_is_no_event_is_buried_at_once(rabbitmq: RabbitMQ, start: Start, event_type: str) -> None:
    handler, dead = Recorder(), DeadLetters()
    publisher = await start(handler)
    async with Broker(rabbitmq.url, [dead], name="tests"):
        await publisher.publish(topology.EVENTS, event_type, Message(b"junk", "m-1", "junk", "text/plain"))
        buried = await dead.of(event_type)
    assert buried.headers[REASON] == "poison"
    assert handler.calls == 0
    await until(lambda: settled(event_type, "buried") == 1)


@pytest.mark.parametrize("attempts", ["many", b"\xff", -1])
async def test_a_count_that_a_stranger_wrote_counts_for_nothing(attempts: object, start: Start, event_type: str) -> None:
    handler = Recorder(failures=1)
    publisher = await start(handler)
    event = an_event(event_type)
    headers = {**event.to_headers(), ATTEMPTS: attempts}
    await publisher.publish(topology.EVENTS, event_type, Message(event.data, event.id, event.type, "", headers))
    assert await handler.next() == event


async def test_an_event_that_cannot_be_put_aside_comes_back(rabbitmq: RabbitMQ, event_type: str) -> None:
    class Refusing(Publisher):
        async def publish(self, exchange: str, routing_key: str, message: Message) -> None:
            raise ValueError("cannot be encoded")

    handler, publisher, refusing = Recorder(failures=2), Publisher(topology.declare_events), Refusing(topology.declare_events)
    consumer = Consumer({event_type: event_type}, handler, refusing, ladder_s=LADDER_S)
    async with Broker(rabbitmq.url, [publisher, refusing, consumer], name="tests") as broker:
        await broker.up()
        await publish_until_confirmed(publisher, an_event(event_type))
        assert await handler.next() == an_event(event_type)
    assert handler.calls == 3
    assert settled(event_type, "returned") == 2


async def test_while_the_store_is_away_the_event_waits_and_climbs_no_ladder(start: Start, event_type: str) -> None:
    handler = Recorder(failures=5, error=AutoReconnect("store is away"))
    publisher = await start(handler)
    await publish(publisher, an_event(event_type))
    assert await handler.next() == an_event(event_type)
    assert handler.calls == 6


async def test_after_the_broker_was_killed_publishing_and_consuming_go_on(
    rabbitmq: RabbitMQ, start: Start, event_type: str
) -> None:
    handler = Recorder()
    publisher = await start(handler)
    # RabbitMQ 3.10 writes a new quorum queue's registration down seconds later, or when it stops: killed before, it would
    # never find the queue again.
    await rabbitmq.stop()
    await rabbitmq.start()
    await publish_until_confirmed(publisher, an_event(event_type, 1))
    rabbitmq.kill()
    await until(lambda: not publisher.is_open)
    with pytest.raises(NotConfirmedError):
        await publish(publisher, an_event(event_type))
    await rabbitmq.start()
    await publish_until_confirmed(publisher, an_event(event_type, 2))
    seen: set[int] = set()
    while not {1, 2} <= seen:
        seen.add((await handler.next()).sequence)


async def test_stopping_a_consumer_finishes_what_is_under_way(rabbitmq: RabbitMQ, event_type: str) -> None:
    begun, release, done = asyncio.Event(), asyncio.Event(), []

    async def slow(event: Event) -> None:
        begun.set()
        await release.wait()
        done.append(event.sequence)

    publisher = Publisher(topology.declare_events, confirm_timeout_s=PATIENCE_S)
    consumer = Consumer({event_type: event_type}, slow, publisher, ladder_s=LADDER_S)
    async with Broker(rabbitmq.url, [publisher, consumer], name="tests") as broker:
        await until(lambda: broker.is_up)
        await publish(publisher, an_event(event_type))
        await begun.wait()
        stopping = asyncio.create_task(consumer.stop(PATIENCE_S))
        release.set()
        await stopping
        await publish(publisher, an_event(event_type, 2))
    assert done == [1]


async def test_a_store_that_stays_away_costs_no_attempts(
    rabbitmq: RabbitMQ, start: Start, event_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "LONGEST_WAIT_S", 0.0)
    rounds = 3 * (len(LADDER_S) + 1)
    handler = Recorder(failures=rounds, error=AutoReconnect("store is away"))
    publisher = await start(handler)
    await publish(publisher, an_event(event_type))
    assert await handler.next() == an_event(event_type)
    assert handler.calls == rounds + 1


async def test_a_consumer_that_the_broker_cancels_begins_anew(start: Start, rabbitmq: RabbitMQ, event_type: str) -> None:
    handler, operator = Recorder(), Opened()
    publisher = await start(handler)
    async with Broker(rabbitmq.url, [operator], name="tests") as broker:
        await broker.up()
        deleted = asyncio.get_running_loop().create_future()
        assert operator.channel is not None
        operator.channel.raw.queue_delete(event_type, callback=deleted.set_result)
        await deleted
    await publish_until_confirmed(publisher, an_event(event_type))
    assert await handler.next() == an_event(event_type)


class Opened:
    """A session that only holds a channel."""

    def __init__(self) -> None:
        self.channel: Channel | None = None

    async def opened(self, channel: Channel) -> None:
        self.channel = channel

    def lost(self) -> None:
        self.channel = None
