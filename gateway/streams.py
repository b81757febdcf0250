"""The streams that are open in this process: how many there may be, and what each is told."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from prometheus_client import Gauge
from unified.error.v1.reason_pb2 import REASON_OVERLOADED, REASON_TOO_MANY_STREAMS

from gateway.in_flight import InFlight
from mesh.errors import ServiceError, deadline_exceeded, unavailable

OPEN = Gauge("unified_streams_open", "Streams of server-sent events that are open.")
# How many of them may ask for news at a time, so that a wake-up of all is no flood.
ASKING_AT_ONCE = 64
RETRY_AFTER_S = 10


class Stream:
    """One client's stream, as those see it who have something to tell it."""

    __slots__ = ("_stirred", "has_news", "is_draining", "is_lost")

    def __init__(self) -> None:
        self._stirred = asyncio.Event()
        self.has_news = self.is_lost = self.is_draining = False

    def wake(self) -> None:
        """There may be news."""
        self.has_news = True
        self._stirred.set()

    def lose(self) -> None:
        """The client is gone."""
        self.is_lost = True
        self._stirred.set()

    def drain(self) -> None:
        """The process is about to stop."""
        self.is_draining = True
        self._stirred.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when there is something to do, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._stirred.wait()
        self._stirred.clear()


class Streams:
    """All streams of the process."""

    def __init__(self, *, most: int, most_of_a_user: int) -> None:
        self._most_of_a_user = most_of_a_user
        self.in_flight = InFlight("streams", most)
        self._open: defaultdict[str, set[Stream]] = defaultdict(set)
        self._is_draining = False
        self._asking = asyncio.Semaphore(ASKING_AT_ONCE)

    @contextmanager
    def opened(self, user_id: str) -> Iterator[Stream]:
        """A stream of the user, until the context is left. Raises ServiceError when there are enough."""
        self._check(user_id)
        stream = Stream()
        self._open[user_id].add(stream)
        OPEN.inc()
        try:
            yield stream
        finally:
            OPEN.dec()
            self._open[user_id].discard(stream)
            if not self._open[user_id]:
                del self._open[user_id]

    @property
    def must_wait(self) -> bool:
        """Whether those who may ask at a time do so already."""
        return self._asking.locked()

    @asynccontextmanager
    async def turn(self, timeout_s: float, *, hurried: bool) -> AsyncIterator[None]:
        """Be one of those who ask. Raises OVERLOADED when so many ask for so long; DEADLINE_EXCEEDED for a client that gave less
        time than there is."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._asking.acquire()
        except TimeoutError:
            if hurried:
                raise deadline_exceeded() from None
            raise ServiceError(REASON_OVERLOADED, "too many streams are waiting", retry_after_s=1) from None
        try:
            yield
        finally:
            self._asking.release()

    def drain(self) -> None:
        """Every stream ends, and no new one begins."""
        self._is_draining = True
        for streams in self._open.values():
            for stream in streams:
                stream.drain()

    def _check(self, user_id: str) -> None:
        if self._is_draining:
            raise unavailable("this gateway")
        if len(self._open.get(user_id, ())) >= self._most_of_a_user:
            message = f"at most {self._most_of_a_user} streams of a user may be open"
            raise ServiceError(REASON_TOO_MANY_STREAMS, message, retry_after_s=RETRY_AFTER_S)
