"""Prometheus metrics on a port of their own."""

import contextlib
from collections.abc import Iterator

from prometheus_client import start_http_server


@contextlib.contextmanager
def serving_metrics(address: str, port: int | None) -> Iterator[None]:
    """Serve /metrics from a thread until the context is left; do nothing without a port."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, address)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
