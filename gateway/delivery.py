"""Writes one stream of server-sent events, from its first byte to its end."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from unified.error.v1.reason_pb2 import REASON_UNAUTHENTICATED

from gateway import sse
from gateway.news import News
from gateway.streams import Stream
from mesh.errors import ServiceError

# Failures that pass, by their status: the service is asked again after a pause, and nothing is lost meanwhile.
PASSING = frozenset({429, 503, 504})
FIRST_PAUSE_S = 0.5
# The clients of a process that stops come back spread over this time.
RETURN_MS = (100, 1500)


@dataclass(frozen=True, slots=True)
class Timing:
    """`poll_s` is how often news are looked for that nobody woke for; a client that takes nothing for `stall_s` is gone."""

    heartbeat_s: float
    poll_s: float
    stall_s: float


class Delivery:
    """`expires_at` is in Unix seconds; `to_text` makes an event of what the service answered."""

    def __init__(
        self,
        response: web.StreamResponse,
        stream: Stream,
        news: News,
        to_text: Callable[[Any], bytes],
        timing: Timing,
        *,
        expires_at: float,
    ) -> None:
        self._response, self._stream, self._news, self._to_text = response, stream, news, to_text
        self._timing, self._expires_at = timing, expires_at
        self._now = asyncio.get_running_loop().time
        self._next_look = self._next_heartbeat = 0.0
        self._pause_s = FIRST_PAUSE_S
        if not news.has_more:
            self._look_again_in(timing.poll_s)

    async def run(self, position: str, first: Iterable[Any]) -> None:
        """Write until the stream is over. Raises ConnectionError or TimeoutError when the client takes nothing any more."""
        await self._write(sse.greeting(position))
        await self._tell(first)
        while (end := self._end()) is None:
            if self._stream.has_news or self._now() >= self._next_look:
                end = await self._look()
                if end is not None:
                    break
            elif self._now() >= self._next_heartbeat:
                await self._write(sse.HEARTBEAT)
            await self._stream.wait(self._idle_s())
        if not self._stream.is_lost:
            await self._write(end)

    def _end(self) -> bytes | None:
        """The last words, when the stream is over."""
        if self._stream.is_lost:
            return b""
        if self._stream.is_draining:
            return sse.goodbye(random.randint(*RETURN_MS))  # noqa: S311  (spread, not a secret)
        if time.time() >= self._expires_at:
            return sse.failure(ServiceError(REASON_UNAUTHENTICATED, "the access token has expired"))
        return None

    async def _look(self) -> bytes | None:
        """Tell what is new. Answers the last words where that will not work again."""
        self._stream.has_news = False
        try:
            await self._tell(await self._next_page())
            while self._news.has_more and not (self._stream.is_draining or self._stream.is_lost):
                await self._tell(await self._next_page())
        except ServiceError as error:
            if error.info.http_status not in PASSING:
                return sse.failure(error)
            self._look_again_in(self._pause_s)
            self._pause_s = min(self._pause_s * 2, self._timing.poll_s)
        else:
            self._look_again_in(self._timing.poll_s)
            self._pause_s = FIRST_PAUSE_S
        return None

    async def _next_page(self) -> list[Any]:
        """The service may take its time: the client hears meanwhile that it is not forgotten."""
        asking = asyncio.create_task(self._news.page())
        try:
            while not (await asyncio.wait([asking], timeout=max(0.0, self._next_heartbeat - self._now())))[0]:
                await self._write(sse.HEARTBEAT)
            return asking.result()
        finally:
            asking.cancel()

    def _look_again_in(self, pause_s: float) -> None:
        self._next_look = self._now() + pause_s * random.uniform(0.75, 1.25)  # noqa: S311  (jitter, not a secret)

    def _idle_s(self) -> float:
        """How long there is nothing to do, unless something happens."""
        next_turn = min(self._next_look, self._next_heartbeat) - self._now()
        return max(0.0, min(next_turn, self._expires_at - time.time()))

    async def _tell(self, events: Iterable[Any]) -> None:
        for event in events:
            await self._write(self._to_text(event))

    async def _write(self, data: bytes) -> None:
        async with asyncio.timeout(self._timing.stall_s):
            await self._response.write(data)
        self._next_heartbeat = self._now() + self._timing.heartbeat_s
