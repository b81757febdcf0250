"""Spans by OpenTelemetry. Imported only where they are wanted: its packages may be missing, and cost time to load."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from mesh.metadata import TRACEPARENT
from mesh.tracing import Kind, Span, Tracer, sharing, traceparent

# A collector that is away must not hold up the end of a process.
LAST_WORDS_S = 2.0


@contextmanager
def exporting(service: str, endpoint: str) -> Iterator[Tracer]:
    """Everything but the endpoint is as OTEL_* in the environment say. What is not sent in time is lost."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    try:
        yield OtelTracer(provider.get_tracer("unified"))
    finally:
        # It keeps to no time itself.
        last_words = Thread(target=provider.shutdown, daemon=True)
        last_words.start()
        last_words.join(LAST_WORDS_S)


class OtelSpan(Span):
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, key: str, value: str | int) -> None:
        self._span.set_attribute(key, value)

    def failed(self, why: str) -> None:
        self._span.set_status(trace.StatusCode.ERROR, why)


class OtelTracer(Tracer):
    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self.command_listeners = (CommandSpans(tracer),)

    @contextmanager
    def span(self, name: str, kind: Kind, **attributes: str | int) -> Iterator[Span]:
        span = self._tracer.start_span(name, _after(traceparent.get()), trace.SpanKind[kind.upper()], attributes)
        before = traceparent.set(_text_of(span.get_span_context()))
        try:
            yield OtelSpan(span)
        except BaseException as error:
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            traceparent.reset(before)
            span.end()


class CommandSpans(CommandListener):
    """Each command as a span of the trace that it is sent for, of several where it is sent for several. What belongs to no trace,
    as the looks of background jobs, is left out."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        # A task sends one command after the other.
        self._open: dict[asyncio.Task[Any] | None, list[trace.Span]] = {}

    def started(self, event: CommandStartedEvent) -> None:
        task = asyncio.current_task()
        self._broken_off(task)
        parents = sharing.get() or [each for each in [traceparent.get()] if each]
        if parents and task:
            attributes = {"db.system.name": "mongodb", "db.namespace": event.database_name}
            self._open[task] = [
                self._tracer.start_span(_name_of(event), _after(parent), trace.SpanKind.CLIENT, attributes) for parent in parents
            ]
            task.add_done_callback(self._broken_off)

    def succeeded(self, _: CommandSucceededEvent) -> None:
        self._end(asyncio.current_task(), trace.StatusCode.UNSET)

    def failed(self, _: CommandFailedEvent) -> None:
        self._end(asyncio.current_task(), trace.StatusCode.ERROR)

    def _broken_off(self, task: asyncio.Task[Any] | None) -> None:
        """Of a command that was cancelled the driver tells no end: its task goes on to the next one, or ends itself."""
        self._end(task, trace.StatusCode.ERROR)

    def _end(self, task: asyncio.Task[Any] | None, status: trace.StatusCode) -> None:
        for span in self._open.pop(task, ()):
            span.set_status(status)
            span.end()
        if task:
            task.remove_done_callback(self._broken_off)


def _name_of(event: CommandStartedEvent) -> str:
    # What getMore is called with is a cursor, of which there are as many as questions.
    target = event.command.get("collection" if event.command_name == "getMore" else event.command_name)
    return f"{event.command_name} {target}"


def _after(parent: str) -> Context:
    return TraceContextTextMapPropagator().extract({TRACEPARENT: parent}, Context())


def _text_of(context: trace.SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
