"""Reads a stream of server-sent events as a browser does; all that comes must be as the document says."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from tests.conformance import conformance
from tests.waiting import PATIENCE_S

NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
LARGEST_EVENT = 1 << 20


@dataclass(frozen=True)
class Event:
    id: str
    type: str
    data: Any


class Listener:
    """Somebody at the end of a stream. `last_id` is what a browser would come back with."""

    def __init__(self, response: aiohttp.ClientResponse, last_id: str = "") -> None:
        self.response, self.last_id = response, last_id
        self.retry_ms = 0
        self.comments: list[str] = []

    async def event(self) -> Event:
        """The next event. Raises EOFError at the end of the stream."""
        while True:
            event = await self.block()
            if event is not None:
                return event

    async def events(self, count: int) -> list[Event]:
        return [await self.event() for _ in range(count)]

    async def rest(self) -> list[Event]:
        """What comes until the stream ends."""
        events = []
        try:
            while True:
                events.append(await self.event())
        except EOFError:
            return events

    async def block(self) -> Event | None:
        """What comes next: an event, or nothing where it was a comment or the like."""
        fields = {"id": self.last_id, "event": "message", "data": ""}
        async with asyncio.timeout(PATIENCE_S):
            while line := (await self._line()):
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
        if "" in fields:
            self.comments.append(fields[""])
        self.retry_ms = int(fields.get("retry", self.retry_ms))
        self.last_id = fields["id"]
        if not fields["data"]:
            return None
        event = Event(fields["id"], fields["event"], orjson.loads(fields["data"]))
        conformance().check_event(self.response.url.raw_path, event.type, event.data)
        return event

    async def _line(self) -> str:
        line = await self.response.content.readuntil(b"\n")
        if not line.endswith(b"\n"):
            raise EOFError
        return line[:-1].decode()


@asynccontextmanager
async def listening(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], last_id: str = ""
) -> AsyncIterator[Listener]:
    """At a stream that was opened and has begun, behind `last_id` if there is one."""
    sent = {**headers, **({"Last-Event-ID": last_id} if last_id else {})}
    async with session.get(url, headers=sent, timeout=NO_TIMEOUT, read_bufsize=LARGEST_EVENT) as response:
        assert response.status == 200, await response.text()
        conformance().check("GET", response.url.raw_path, response.status, response.headers)
        listener = Listener(response, last_id)
        await listener.block()
        yield listener
