"""Commands of a real MongoDB as spans, also those that are cancelled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from pymongo.asynchronous.collection import AsyncCollection

from mesh.mongo import Document, database, open_mongo
from mesh.opentelemetry import OtelTracer
from tests.waiting import until


class Seen(SpanProcessor):
    """Spans by name: those that have begun, and those that have ended, with whether they failed."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[tuple[str, bool]] = []

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.begun.append(span.name)

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append((span.name, not span.status.is_unset))


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def tracer(seen: Seen) -> OtelTracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(seen)
    return OtelTracer(provider.get_tracer("test"))


@pytest.fixture
async def tasks(mongo_uri: str, database_name: str, tracer: OtelTracer) -> AsyncIterator[AsyncCollection[Document]]:
    async with open_mongo(mongo_uri, "test", tracer) as client:
        tasks = database(client, database_name)["tasks"]
        await tasks.insert_many([{"_id": number} for number in range(3)])
        yield tasks


async def find_slowly(tasks: AsyncCollection[Document]) -> None:
    await tasks.find_one({"$where": "sleep(5000) || true"})


async def test_the_span_of_a_cancelled_command_ends_with_its_task(
    tasks: AsyncCollection[Document], tracer: OtelTracer, seen: Seen
) -> None:
    with tracer.span("test", "server"):
        finding = asyncio.create_task(find_slowly(tasks))
    await until(lambda: "find tasks" in seen.begun)
    finding.cancel()
    await asyncio.wait({finding})
    assert seen.ended == [("test", False), ("find tasks", True)]


async def test_the_span_of_a_cancelled_command_ends_before_the_next_of_its_task(
    tasks: AsyncCollection[Document], tracer: OtelTracer, seen: Seen
) -> None:
    with tracer.span("test", "server"):
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await find_slowly(tasks)
        await tasks.count_documents({})
    assert seen.ended == [("find tasks", True), ("aggregate tasks", False), ("test", False)]


async def test_reading_on_is_called_by_its_collection(tasks: AsyncCollection[Document], tracer: OtelTracer, seen: Seen) -> None:
    with tracer.span("test", "server"):
        await tasks.find(batch_size=2).to_list()
    assert seen.ended == [("find tasks", False), ("getMore tasks", False), ("test", False)]
