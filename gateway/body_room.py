"""Room for the bodies that are arriving in this process: what has come of them is held until the rest is there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Gauge
from unified.error.v1.reason_pb2 import REASON_OVERLOADED

from gateway.errors import RestError

RETRY_AFTER_S = 1.0
# Of each body so much is not counted: a connection holds as much anyway, and a small request is read however many large ones
# are on their way.
FREE_BYTES = 64 * 1024
TAKEN = Gauge("unified_http_arriving_body_bytes", "Bytes of bodies whose rest has not come yet, as far as they are counted.")


class BodyRoom:
    """Holds `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0
        TAKEN.set_function(lambda: self._taken)

    @contextmanager
    def body(self) -> Iterator[Callable[[int], None]]:
        """Room for one body, until the context is left. Yields what is told the size that the body has grown to: it raises
        OVERLOADED where there is no room for that."""
        held = 0

        def grow(size: int) -> None:
            nonlocal held
            counted = max(0, size - FREE_BYTES)
            self._taken += counted - held
            held = counted
            if counted and self._taken > self._most:
                raise RestError(REASON_OVERLOADED, "too many large bodies are arriving", retry_after_s=RETRY_AFTER_S)

        try:
            yield grow
        finally:
            self._taken -= held
