"""The outbox: an event waits in the very document whose change it tells of, until the broker has confirmed it.

The writer pushes the event with the change (`pushing`), in one atomic write, and publishes it at once (`publish_soon`). The sweep
takes what a crash or an outage left. An event may be published twice, never not at all; its id stays the same.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pymongo
from bson import ObjectId
from prometheus_client import Counter, Gauge
from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from mesh.amqp import Message, NotConfirmedError, Publisher
from mesh.coalesce import Coalescer
from mesh.events import CONTENT_TYPE, Event
from mesh.leases import Lease
from mesh.mongo import Document
from mesh.times import EPOCH
from mesh.topology import EVENTS
from mesh.tracing import OFF, Tracer, traceparent
from mesh.transactions import after_commit

log = logging.getLogger(__name__)

FIELD = "outbox"
# A document with this many unsent events takes no further change until some are sent.
MOST_PENDING = 500
# Far below MongoDB's limit of 16 MiB, which events that carry long texts would reach first.
MOST_BYTES = 8 * 1024 * 1024
# A sweep takes this many documents at a time, and of each this many events: with the longest, what fits into memory.
SWEEP_BATCH, SWEEP_SLICE = 200, 10
MONGO_TIMEOUT_S = 5.0
MOST_COUNTED = 10_000
INDEX = "outbox_pending"
WAITING = Gauge("unified_outbox_pending", "Documents with unsent events.", ["outbox"])
OLDEST = Gauge("unified_outbox_oldest_seconds", "For how long the oldest unsent event has waited.", ["outbox"])
PUBLISHED = Counter("unified_outbox_published", "Attempts to send an event, and whether it is out.", ["outbox", "outcome"])

NOT_FULL: Document = {
    f"{FIELD}.{MOST_PENDING - 1}": {"$exists": False},
    "$expr": {"$lt": [{"$bsonSize": "$$ROOT"}, MOST_BYTES]},
}
"""Belongs in the filter of every write that pushes an event."""
PENDING: Document = {f"{FIELD}.id": {"$exists": True}}


def pushing(*events: Event) -> Document:
    """The part of an update that queues the events."""
    return {"$push": {FIELD: {"$each": [event.to_document() for event in events]}}}


async def publish(publisher: Publisher, event: Event) -> None:
    """Publish the event to whoever is bound to its type. Raises NotConfirmedError."""
    # Its handling belongs behind its publishing.
    headers = replace(event, traceparent=traceparent.get()).to_headers()
    message = Message(event.data, event.id, event.type, CONTENT_TYPE, headers)
    await publisher.publish(EVENTS, event.type, message)


class Outbox:
    """The events that wait in the documents of one collection."""

    def __init__(
        self,
        documents: AsyncCollection[Document],
        publisher: Publisher,
        lease: Lease,
        *,
        sweep_age_s: float,
        at_once: int = 500,
        record: Callable[[Event], Awaitable[None]] | None = None,
        tracer: Tracer = OFF,
    ) -> None:
        """`record` keeps what a sent event tells, before it leaves its document; it may be called again for the same event."""
        self._documents, self._publisher, self._lease = documents, publisher, lease
        self._sweep_age, self._at_once = timedelta(seconds=sweep_age_s), at_once
        # A pull that is lost only means that the event is published once more.
        self._pulls = documents.with_options(write_concern=WriteConcern(w=1))
        self._pull = Coalescer[tuple[ObjectId, str], None](
            self._pull_batch, name=f"sent events of {documents.name}", max_batch=SWEEP_BATCH
        )
        self._record, self._tracer = record, tracer
        self._sent, self._unsent = (PUBLISHED.labels(documents.name, outcome) for outcome in ("sent", "unsent"))
        self._under_way: set[asyncio.Task[bool]] = set()
        # What cannot be sent must not keep the sweep from what stands behind it: from here it goes on.
        self._behind = EPOCH

    async def ensure_indexes(self) -> None:
        """The index that finds what is pending without looking at the rest."""
        await self._documents.create_index([(f"{FIELD}.time", ASCENDING)], name=INDEX, partialFilterExpression=PENDING)

    def publish_soon(self, document_id: ObjectId, event: Event) -> None:
        """Publish in the background, once the transaction around this call (if there is one) is committed."""
        after_commit(lambda: self._publish_now(document_id, event))

    def _publish_now(self, document_id: ObjectId, event: Event) -> None:
        """With the broker away or too much under way, the event is left to the sweep."""
        if not self._publisher.is_open or len(self._under_way) >= self._at_once:
            return
        task = asyncio.create_task(self._publish_and_pull(document_id, event))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def probe(self) -> dict[str, float]:
        """How many changed documents have unsent events (counted to `MOST_COUNTED`), and for how long the oldest has waited."""
        pending, oldest_s = await self._waiting()
        WAITING.labels(self._documents.name).set(pending)
        OLDEST.labels(self._documents.name).set(oldest_s)
        return {"pending": pending, "oldestSeconds": oldest_s}

    async def _waiting(self) -> tuple[int, float]:
        oldest = await self._documents.find_one(PENDING, {f"{FIELD}.time": True}, hint=INDEX)
        if oldest is None or not oldest.get(FIELD):
            return 0, 0
        pending = await self._documents.count_documents(PENDING, hint=INDEX, limit=MOST_COUNTED)
        waited = datetime.now(UTC) - min(entry["time"] for entry in oldest[FIELD])
        return pending, round(max(waited.total_seconds(), 0.0), 3)

    async def stop(self, timeout_s: float) -> None:
        """Within `timeout_s`, wait for what is being published, and leave the sweep to others at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*self._under_way)
        await self._lease.release()

    async def sweep(self) -> None:
        """Publish what is older than the sweep's age, unless another process is at it. When nothing of a batch could be sent,
        the next sweep goes on behind it."""
        while self._publisher.is_open and await self._acquire():
            entries = await self._overdue()
            done = await asyncio.gather(*(self._publish_and_pull(key, event) for key, event in entries))
            if not entries:
                self._behind = EPOCH
            elif not all(done):
                self._behind = max(self._behind, min(event.time for key, event in entries if key == entries[-1][0]))
            if not any(done):
                return

    async def _acquire(self) -> bool:
        with pymongo.timeout(MONGO_TIMEOUT_S):
            return await self._lease.acquire()

    async def _overdue(self) -> list[tuple[ObjectId, Event]]:
        cutoff = datetime.now(UTC) - self._sweep_age
        overdue = {**PENDING, FIELD: {"$elemMatch": {"time": {"$gt": self._behind, "$lt": cutoff}}}}
        fields = {"_id": True, FIELD: {"$slice": SWEEP_SLICE}}
        with pymongo.timeout(MONGO_TIMEOUT_S):
            # In the order of the index, which is oldest first; to ask for that order would make the server sort.
            documents = await self._documents.find(overdue, fields).hint(INDEX).limit(SWEEP_BATCH).to_list()
        entries = [(document["_id"], entry) for document in documents for entry in document[FIELD]]
        return [(key, Event.from_document(entry)) for key, entry in entries if entry["time"] < cutoff]

    async def _publish_and_pull(self, document_id: ObjectId, event: Event) -> bool:
        """Whether the event is out of the outbox; what is not stays for the sweep."""
        traceparent.set(event.traceparent)
        with self._tracer.span(f"publish {event.type}", "producer", request_id=event.request_id) as span:
            is_out = await self._try_to_publish_and_pull(document_id, event)
            if not is_out:
                span.failed("left to the sweep")
        (self._sent if is_out else self._unsent).inc()
        return is_out

    async def _try_to_publish_and_pull(self, document_id: ObjectId, event: Event) -> bool:
        try:
            await publish(self._publisher, event)
        except NotConfirmedError as error:
            log.info("event not confirmed", extra={"event_id": event.id, "error": str(error)})
            return False
        try:
            if self._record:
                await self._record(event)
            await self._pull((document_id, event.id))
        except PyMongoError as error:
            log.info("sent event stays in the outbox", extra={"event_id": event.id, "error": repr(error)})
            return False
        return True

    async def _pull_batch(self, entries: list[tuple[ObjectId, str]]) -> list[None]:
        pulls = [UpdateOne({"_id": document}, {"$pull": {FIELD: {"id": event}}}) for document, event in entries]
        with pymongo.timeout(MONGO_TIMEOUT_S):
            await self._pulls.bulk_write(pulls, ordered=False)
        return [None] * len(entries)
