"""The metrics of all workers on one page: each worker tells its own through a socket, and the parent marks whose they are."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread

from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

ANSWER_TIMEOUT_S = 2.0


class _Telling(StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(generate_latest())


@contextmanager
def telling_metrics(path: Path) -> Iterator[None]:
    """Write this process's metrics to whoever connects to the socket, until the context is left."""
    # What a worker left that died.
    path.unlink(missing_ok=True)
    with ThreadingUnixStreamServer(str(path), _Telling) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class WorkersMetrics(Collector):
    """What the workers say of themselves now, with the label `worker`. `sockets` is where they tell it, by worker. One that does
    not answer is missing."""

    def __init__(self, sockets: dict[str, Path]) -> None:
        self._sockets = sockets

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for worker, path in self._sockets.items():
            for told in text_string_to_metric_families(_ask(path)):
                family = families.setdefault(told.name, Metric(told.name, told.documentation, told.type))
                family.samples += [each._replace(labels={**each.labels, "worker": worker}) for each in told.samples]
        return families.values()


def _ask(path: Path) -> str:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(ANSWER_TIMEOUT_S)
            client.connect(str(path))
            return client.makefile(encoding="utf-8").read()
    except OSError:
        return ""
