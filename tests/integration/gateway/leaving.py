"""Clients of a stream that leave without a word, at every moment and in every way."""

import asyncio
import itertools
import random
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.integration.gateway.inbox import STREAM, Inbox, number_of
from tests.waiting import PATIENCE_S

AT_ONCE = 100
# Little, so that a long event is still under way when its reader leaves.
RECEIVE_BUFFER = 4096
EVENT_BYTES = 50_000
SLOWNESS_S = 0.02
RESET = struct.pack("ii", 1, 0)


class SlowInbox(Inbox):
    """With one long event, and slow for those who wait until it is asked for them."""

    def __init__(self) -> None:
        super().__init__(overlap=-1)
        self._places = itertools.count(1)
        self._asked: dict[int, asyncio.Event] = {}
        self.add(1 << 32, "x" * EVENT_BYTES)

    def waiting(self) -> tuple[int, asyncio.Event]:
        """A place that is nobody else's, and what is set when somebody asks for what is behind it."""
        place = next(self._places)
        self._asked[place] = asyncio.Event()
        return place, self._asked[place]

    async def answer(self, request: Any) -> Any:
        if request.after and (asked := self._asked.pop(number_of(request.after), None)):
            asked.set()
            await asyncio.sleep(SLOWNESS_S)
        return await super().answer(request)


class Client:
    """One connection of the one with this token, until it is left."""

    def __init__(self, port: int, token: str, inbox: SlowInbox) -> None:
        self._port, self._token, self.inbox = port, token, inbox
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket()
        self._socket.settimeout(0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    async def ask(self, *, after: int | None = None, share: float = 1.0) -> None:
        """Send this much of a request for the stream."""
        lines = [f"GET {STREAM} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self._token}"]
        place = [] if after is None else [f"Last-Event-ID: {after:024x}"]
        request = "\r\n".join([*lines, *place, "", ""]).encode()
        await self._loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        await self._loop.sock_sendall(self._socket, request[: int(len(request) * share)])

    async def read_until(self, text: bytes) -> None:
        heard = b""
        while text not in heard:
            piece = await self._loop.sock_recv(self._socket, RECEIVE_BUFFER)
            assert piece, heard
            heard = heard[-len(text) :] + piece

    def leave(self, *, by_reset: bool = False) -> None:
        if by_reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()


async def within_the_request(client: Client) -> None:
    await client.ask(share=random.random())
    client.leave()


async def behind_the_request(client: Client) -> None:
    await client.ask()
    client.leave()


async def while_the_service_is_asked(client: Client) -> None:
    place, asked = client.inbox.waiting()
    await client.ask(after=place)
    await asked.wait()
    client.leave()


async def while_the_service_is_asked_by_reset(client: Client) -> None:
    place, asked = client.inbox.waiting()
    await client.ask(after=place)
    await asked.wait()
    client.leave(by_reset=True)


async def at_a_quiet_moment(client: Client) -> None:
    await client.ask()
    await client.read_until(b"\n\n")
    client.leave()


async def at_a_quiet_moment_by_reset(client: Client) -> None:
    await client.ask()
    await client.read_until(b"\n\n")
    client.leave(by_reset=True)


async def within_an_event(client: Client) -> None:
    await client.ask(after=0)
    await client.read_until(b"data: ")
    # With bytes that were not read, which makes a reset of it.
    client.leave()


WAYS: list[Callable[[Client], Awaitable[None]]] = [
    within_the_request,
    behind_the_request,
    while_the_service_is_asked,
    while_the_service_is_asked_by_reset,
    at_a_quiet_moment,
    at_a_quiet_moment_by_reset,
    within_an_event,
]


async def come_and_go(port: int, inbox: SlowInbox, tokens: Sequence[str], count: int) -> None:
    """So many clients, `AT_ONCE` of them together, which leave in all ways in turn."""
    visits = iter(list(itertools.islice(zip(itertools.cycle(tokens), itertools.cycle(WAYS), strict=False), count)))

    async def visit() -> None:
        for token, leave in visits:
            async with asyncio.timeout(PATIENCE_S):
                await leave(Client(port, token, inbox))

    await asyncio.gather(*(visit() for _ in range(AT_ONCE)))
