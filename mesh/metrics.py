"""Prometheus metrics on a port of their own."""

import contextlib
from collections.abc import Iterator

from prometheus_client import REGISTRY, disable_created_metrics, start_http_server
from prometheus_client.registry import Collector


@contextlib.contextmanager
def serving_metrics(address: str, port: int | None, metrics: Collector = REGISTRY) -> Iterator[None]:
    """Serve /metrics from a thread until the context is left; do nothing without a port."""
    # When each series was made, which nobody asks and which is as many series again.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    if port is None:
        yield
        return
    server, thread = start_http_server(port, address, metrics)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
