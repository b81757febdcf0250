"""aiohttp's low-level server, made to answer as the rest of the edge does: headers of every answer, errors of the parser."""

import asyncio
import logging
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from unified.error.v1.reason_pb2 import REASON_INVALID_ARGUMENT

from gateway.cors import Cors
from gateway.problems import problem_response
from mesh.errors import ServiceError, internal_error
from mesh.logs import request_id

log = logging.getLogger(__name__)

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
    """Serves HTTP with one handler for everything. While `draining`, every answer says goodbye to its connection."""

    def __init__(self, handler: Callable[[Any], Awaitable[web.StreamResponse]], cors: Cors, *, max_header_bytes: int) -> None:
        # A handler runs to its end although the client left: whether a write happened must not hang on its patience.
        super().__init__(handler, request_factory=self._make, handler_cancellation=False)
        self.cors = cors
        self.draining = False
        self.when_draining: list[Callable[[], None]] = []
        self._max_header_bytes = max_header_bytes

    def drain(self) -> None:
        """Say goodbye from now on, and tell those who wait for it."""
        self.draining = True
        for action in self.when_draining:
            action()

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
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
    """A request that knows what every answer to it carries. `answer_headers` tells what was found out on the way, and
    `address` is the client's, which is not the peer's behind a proxy."""

    def __init__(self, server: EdgeServer, *args: Any) -> None:
        super().__init__(*args)
        self._server = server
        self.answer_headers: Callable[[], Mapping[str, str]] = dict
        self.address = self.remote or ""

    @contextmanager
    def watched(self, when_lost: Callable[[], None], stall_s: float) -> Iterator[None]:
        """Until the context is left, call `when_lost` when the client is gone; also one that left without a word, as soon as what
        it was sent is not acknowledged for `stall_s`."""
        connection = self.protocol
        if self.transport is None or not isinstance(connection, _Connection):
            raise ConnectionResetError("the client went away")
        if (client := self.transport.get_extra_info("socket")) is not None:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall_s * 1000))
        connection.when_lost = when_lost
        try:
            yield
        finally:
            connection.when_lost = None

    def cut_off(self) -> None:
        """End the connection at once, with what waits to be sent."""
        if self.transport is not None:
            self.transport.abort()

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


class _Connection(web.RequestHandler):
    """Answers what never became a request, and tells when the client is gone."""

    __slots__ = ("when_lost",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.when_lost: Callable[[], None] | None = None

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self.when_lost is not None:
            self.when_lost()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,  # noqa: ARG002  (aiohttp's guess; the problem's own status counts)
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        if request.writer.output_size > 0 or isinstance(exc, ConnectionError):
            raise ConnectionError("the answer is under way, or nobody waits for it")
        request_id.set(request_id.get() or uuid.uuid4().hex)
        error = internal_error()
        if isinstance(exc, HttpProcessingError):
            log.info("malformed request", extra={"address": request.remote, "error": type(exc).__name__})
            error = ServiceError(REASON_INVALID_ARGUMENT, "the request is not HTTP as this server speaks it")
        else:
            log.error("unexpected failure", exc_info=exc)
        response = problem_response(error)
        response.force_close()
        return response
