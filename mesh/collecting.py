"""Whether the spans of a process are collected."""

from collections.abc import Iterator
from contextlib import contextmanager

from mesh.tracing import OFF, Tracer


@contextmanager
def collecting(service: str, endpoint: str | None) -> Iterator[Tracer]:
    """Collects spans until the context is left, and sends them to the endpoint, which speaks OTLP over gRPC. Without an endpoint
    there are none, and none of OpenTelemetry's packages is needed."""
    if endpoint is None:
        yield OFF
        return
    from mesh.opentelemetry import exporting

    with exporting(service, endpoint) as tracer:
        yield tracer
