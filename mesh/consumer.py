"""Hands events to a handler: at least once, never silently lost.

The ack comes after the handler's success, so a crash means that the event is delivered again. What fails is told apart: a message
that is no event is poison and buried at once; a store that is away is waited for, with the event in hand; anything else
climbs the retry ladder and is buried after its last rung. Buried means: in the dead-letter queue, with the reason.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from prometheus_client import Counter, Histogram
from pymongo.errors import PyMongoError

from mesh import mongo, topology
from mesh.amqp import AmqpError, Channel, Delivery, Publisher
from mesh.events import Event, MalformedEventError
from mesh.logs import request_id
from mesh.tracing import OFF, Tracer, traceparent

log = logging.getLogger(__name__)

Handle = Callable[[Event], Awaitable[None]]

# Headers of ours on a message that failed.
ATTEMPTS, REASON = "unified_attempts", "unified_reason"
FIRST_ERROR, LAST_ERROR, QUEUE, LAST_TIME = "unified_first_error", "unified_last_error", "unified_queue", "unified_failed_at"
MARKS = frozenset({ATTEMPTS, REASON, FIRST_ERROR, LAST_ERROR, QUEUE, LAST_TIME})
# How long a store may be away before its events go to the ladder. Below the broker's own limit on unsettled messages.
LONGEST_WAIT_S = 15 * 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
LATENCY = Histogram(
    "unified_event_latency_seconds",
    "From the moment of an event until its effect is stored.",
    ["queue"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
SETTLED = Counter("unified_events_settled", "What became of a delivered event.", ["queue", "outcome"])


class Consumer:
    """A session that consumes queues. `queues` maps each queue to the event type it is bound to; `ladder_s` are the pauses
    before the second, third ... attempt."""

    def __init__(
        self,
        queues: Mapping[str, str],
        handle: Handle,
        publisher: Publisher,
        *,
        ladder_s: Sequence[float],
        prefetch: int = 32,
        tracer: Tracer = OFF,
    ) -> None:
        self._queues, self._handle, self._publisher = queues, handle, publisher
        self._ladder_s, self._prefetch, self._tracer = ladder_s, prefetch, tracer
        self._latency = {queue: LATENCY.labels(queue) for queue in queues}
        self._handled = {queue: SETTLED.labels(queue, "handled") for queue in queues}
        self._channel: Channel | None = None
        self._tags: list[str] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def queues(self) -> list[str]:
        """All that an event may wait in."""
        return [*self._queues, *map(topology.retry_name, self._ladder_s), topology.DEAD_LETTERS]

    async def declare(self, channel: Channel) -> None:
        """Make these queues."""
        await topology.declare_events(channel)
        await topology.declare_ladder(channel, self._ladder_s)
        for queue, event_type in self._queues.items():
            await topology.declare_queue(channel, queue, event_type)

    async def opened(self, channel: Channel) -> None:
        """Take what the queues hold."""
        await self.declare(channel)
        self._channel = channel
        if not self._stopping:
            self._tags = [await channel.consume(queue, self._prefetch, self._on_delivery) for queue in self._queues]

    def lost(self) -> None:
        """The broker will deliver again what was under way: what handlers do is safe to repeat, and to break off."""
        self._channel, self._tags = None, []
        for task in self._under_way:
            task.cancel()

    async def stop(self, timeout_s: float) -> None:
        """Take nothing more, and finish what is under way, within `timeout_s`; the broker delivers again what is not."""
        self._stopping = True
        try:
            async with asyncio.timeout(timeout_s):
                for tag in self._tags:
                    await self._cancel(tag)
                await asyncio.gather(*self._under_way, return_exceptions=True)
        except (AmqpError, TimeoutError) as error:
            log.info("consumer could not finish", extra={"error": repr(error)})

    async def _cancel(self, tag: str) -> None:
        if self._channel is not None:
            await self._channel.cancel(tag)

    def _on_delivery(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._settle(delivery))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _settle(self, delivery: Delivery) -> None:
        try:
            await self._process(delivery)
        except Exception as error:  # noqa: BLE001  (whatever it is, a message that nobody settles is never seen again)
            # Neither handled nor put elsewhere: back to the queue, not at once, or it would spin.
            log.warning("event could not be put aside", extra={"queue": delivery.queue, "error": repr(error)})
            await asyncio.sleep(FIRST_PAUSE_S)
            delivery.requeue()
            SETTLED.labels(delivery.queue, "returned").inc()
        else:
            delivery.ack()

    async def _process(self, delivery: Delivery) -> None:
        try:
            event = Event.from_headers(delivery.message.headers, delivery.message.body)
            request_id.set(event.request_id)
            traceparent.set(event.traceparent)
            with self._tracer.span(f"handle {event.type}", "consumer", request_id=event.request_id):
                await self._handle_when_possible(event)
        except MalformedEventError as error:
            await self._bury(delivery, "poison", error)
        except Exception as error:
            if isinstance(error, PyMongoError) and mongo.as_service_error(error) and self._ladder_s:
                # Not the event's fault, so it does not count as an attempt.
                await self._put(topology.retry_name(self._ladder_s[-1]), delivery, {}, error)
                return
            attempts = failed_attempts(delivery) + 1
            extra = {"event_id": delivery.message.message_id, "queue": delivery.queue, "attempts": attempts}
            log.exception("event failed", extra=extra)
            if attempts > len(self._ladder_s):
                await self._bury(delivery, "attempts_exhausted", error)
            else:
                await self._retry(delivery, attempts, error)
        else:
            self._note_handled(delivery.queue, event)

    def _note_handled(self, queue: str, event: Event) -> None:
        # By two clocks, the writer's and ours, which may differ.
        self._latency[queue].observe(max(0.0, time.time() - event.time.timestamp()))
        self._handled[queue].inc()

    async def _handle_when_possible(self, event: Event) -> None:
        """Call the handler; while its store is away, wait and call it again."""
        pause_s, waited_s = FIRST_PAUSE_S, 0.0
        while True:
            try:
                return await self._handle(event)
            except PyMongoError as error:
                if mongo.as_service_error(error) is None or waited_s > LONGEST_WAIT_S:
                    raise
                if not waited_s:
                    log.warning("event waits for its store", extra={"event_id": event.id, "error": repr(error)[:200]})
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)
            waited_s += pause_s
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _retry(self, delivery: Delivery, attempts: int, error: Exception) -> None:
        rung = topology.retry_name(self._ladder_s[attempts - 1])
        await self._put(rung, delivery, {ATTEMPTS: attempts}, error)

    async def _bury(self, delivery: Delivery, reason: str, error: Exception) -> None:
        log.error("event buried", extra={"event_id": delivery.message.message_id, "queue": delivery.queue, "reason": reason})
        await self._put(topology.DEAD, delivery, {REASON: reason}, error)

    async def _put(self, exchange: str, delivery: Delivery, marks: Mapping[str, object], error: Exception) -> None:
        """Publish the message elsewhere, with what is known of its failure; confirmed before the caller acks."""
        headers = {
            FIRST_ERROR: repr(error)[:500],
            **delivery.message.headers,
            LAST_ERROR: repr(error)[:500],
            LAST_TIME: datetime.now(UTC).isoformat(timespec="milliseconds"),
            QUEUE: delivery.queue,
            **marks,
        }
        await self._publisher.publish(exchange, delivery.queue, replace(delivery.message, headers=headers))
        SETTLED.labels(delivery.queue, "buried" if exchange == topology.DEAD else "retried").inc()


def failed_attempts(delivery: Delivery) -> int:
    """How often the message has failed; what a stranger wrote there counts for nothing."""
    attempts = delivery.message.headers.get(ATTEMPTS)
    return attempts if isinstance(attempts, int) and attempts > 0 else 0
