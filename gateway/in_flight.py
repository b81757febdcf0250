"""Admits so many requests to a service at a time. The next is refused at once, while those that were admitted are still quick."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge
from unified.error.v1.reason_pb2 import REASON_OVERLOADED

from gateway.errors import RestError

RETRY_AFTER_S = 1.0
TAKEN = Gauge("unified_http_requests_in_flight", "Requests that a service is being asked for, or streams.", ["of"])


class InFlight:
    """The requests to one service that this process works on: a service that hangs takes no place of another."""

    def __init__(self, of: str, most: int) -> None:
        self._most, self._count = most, 0
        TAKEN.labels(of).set_function(lambda: self._count)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place inside. Raises OVERLOADED when there is none."""
        self._count += 1
        try:
            self.check()
            yield
        finally:
            self._count -= 1

    @contextmanager
    def given_up(self) -> Iterator[None]:
        """Inside, the client is waited for, and its place is somebody else's: slow clients cannot take them all. `check` says
        afterwards whether it is still free."""
        self._count -= 1
        try:
            yield
        finally:
            self._count += 1

    def check(self) -> None:
        """Raises OVERLOADED when there are more inside than there are places: the one who asks has none."""
        if self._count > self._most:
            raise RestError(REASON_OVERLOADED, "too many requests are waiting", retry_after_s=RETRY_AFTER_S)
