"""A collector of spans, as OpenTelemetry's exporters speak to it: OTLP over gRPC."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Collected:
    """A span, and the process that it is of. Ids are hexadecimal."""

    process: str
    span: Span

    @property
    def step(self) -> tuple[str, str, str]:
        """Where, what kind of step, and which."""
        return self.process, Span.SpanKind.Name(self.span.kind).removeprefix("SPAN_KIND_").lower(), self.span.name

    @property
    def failed(self) -> bool:
        return bool(self.span.status.code)

    @property
    def attributes(self) -> dict[str, Any]:
        return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in self.span.attributes}


class Collector(TraceServiceServicer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[Collected] = []
        self.port = 0

    async def Export(self, request: pb.ExportTraceServiceRequest, context: Any) -> pb.ExportTraceServiceResponse:
        for resource in request.resource_spans:
            names = [each.value.string_value for each in resource.resource.attributes if each.key == "service.name"]
            self.spans += [Collected(names[0], span) for scope in resource.scope_spans for span in scope.spans]
        return pb.ExportTraceServiceResponse()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = grpc.aio.server()
        add_TraceServiceServicer_to_server(self, server)  # type: ignore[no-untyped-call]
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        yield
        await server.stop(0)

    def trace(self, trace_id: str) -> list[Collected]:
        return [each for each in self.spans if each.span.trace_id.hex() == trace_id]

    def way_to(self, last: Collected) -> list[tuple[str, str, str]]:
        """The steps that led to this one, from the first that was collected."""
        by_id = {each.span.span_id: each for each in self.spans}
        steps, step = [last.step], by_id.get(last.span.parent_span_id)
        while step:
            steps.append(step.step)
            step = by_id.get(step.span.parent_span_id)
        return steps[::-1]
