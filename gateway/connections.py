"""aiohttp's low-level server and its requests, made to answer as the rest of the edge does: with the headers of every answer."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import HttpVersion11, web

from gateway.cors import Cors
from gateway.protocol import Connection
from gateway.routes import NO_ROUTE, Route
from mesh.logs import request_id

# Longer than clients and proxies keep a connection idle, so that they close it and not we in the middle of a request.
KEEPALIVE_TIMEOUT_S = 75.0
# How long the rest of a refused body is read, so that the client gets to see the refusal.
LINGERING_S = 2.0
MAX_HEADERS = 100
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class EdgeServer(web.Server):
    """Serves HTTP with one handler for everything. While `draining`, every answer says goodbye to its connection.

    `patience_s` is for clients that send their request's head slowly, or take nothing of their answer.
    """

    def __init__(
        self,
        handler: Callable[[Any], Awaitable[web.StreamResponse]],
        cors: Cors,
        *,
        max_header_bytes: int,
        patience_s: float,
    ) -> None:
        # A handler runs to its end although the client left: whether a write happened must not hang on its patience.
        super().__init__(handler, request_factory=self._make, handler_cancellation=False)
        self.cors = cors
        self.draining = False
        self.when_draining: list[Callable[[], None]] = []
        self._max_header_bytes, self._patience_s = max_header_bytes, patience_s

    def drain(self) -> None:
        """Say goodbye from now on, and tell those who wait for it."""
        self.draining = True
        for action in self.when_draining:
            action()

    def __call__(self) -> web.RequestHandler:
        return Connection(
            self,
            patience_s=self._patience_s,
            loop=asyncio.get_running_loop(),
            # None is how it is switched off; the handler writes a line of its own.
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=KEEPALIVE_TIMEOUT_S,
            lingering_time=LINGERING_S,
            max_line_size=self._max_header_bytes,
            max_field_size=self._max_header_bytes,
            max_headers=MAX_HEADERS,
        )

    def _make(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> "EdgeRequest":
        return EdgeRequest(self, message, payload, protocol, writer, task, asyncio.get_running_loop())


class EdgeRequest(web.BaseRequest):
    """A request that knows what every answer to it carries. `answer_headers` tells what was found out on the way, `address` is
    the client's, which is not the peer's behind a proxy, and `route` is where it leads."""

    def __init__(self, server: EdgeServer, *args: Any) -> None:
        super().__init__(*args)
        self._server = server
        self.answer_headers: Callable[[], Mapping[str, str]] = dict
        self.address = self.remote or ""
        self.route: Route[Any] = NO_ROUTE

    @contextmanager
    def watched(self, when_lost: Callable[[], None], stall_s: float) -> Iterator[None]:
        """Until the context is left, call `when_lost` when the client is gone; also one that left without a word, as soon as what
        it was sent is not acknowledged for `stall_s`."""
        connection = self.protocol
        if self.transport is None or not isinstance(connection, Connection):
            raise ConnectionResetError("the client went away")
        connection.forget_after(stall_s)
        connection.when_lost = when_lost
        try:
            yield
        finally:
            connection.when_lost = None

    def cut_off(self) -> None:
        """End the connection at once, with what waits to be sent, by a reset: to a client of HTTP/1.0 an orderly end would look
        like the end of the answer."""
        if self.transport is None:
            return
        if (client := self.transport.get_extra_info("socket")) is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    @property
    def is_well_framed(self) -> bool:
        """Whether the body comes in the one way that a proxy before us cannot take for another."""
        coding = self.headers.get("Transfer-Encoding")
        return coding is None or (coding.lower() == "chunked" and self.version >= HttpVersion11)

    @property
    def keep_alive(self) -> bool:
        # What follows CONNECT is no body but the tunnel's, and would be read as the next request.
        return self.is_well_framed and self.method != "CONNECT" and super().keep_alive

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        # The only place that all answers pass with their final headers; aiohttp's signals need its Application.
        headers = response.headers
        headers.pop("Server", None)
        headers.update(self.answer_headers())
        headers["X-Request-Id"] = request_id.get()
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        self._server.cors.mark(self, response)
        if self._server.draining:
            response.force_close()
            headers["Connection"] = "close"
