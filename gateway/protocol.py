"""One connection: answers what never became a request, tells when its client is gone, and lets go of one that is too slow."""

import asyncio
import logging
import socket
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from unified.error.v1.reason_pb2 import REASON_INVALID_ARGUMENT

from gateway.problems import problem_response
from mesh.errors import ServiceError, internal_error
from mesh.logs import request_id

log = logging.getLogger(__name__)


class Connection(web.RequestHandler):
    """aiohttp's, with `patience_s` for a client that sends a request's head slowly, or takes nothing of its answer."""

    __slots__ = ("_head_timer", "_patience_s", "when_lost")

    def __init__(self, server: web.Server, *, patience_s: float, **options: Any) -> None:
        super().__init__(server, **options)
        self._patience_s = patience_s
        self._head_timer: asyncio.TimerHandle | None = None
        self.when_lost: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.forget_after(self._patience_s)

    def forget_after(self, stall_s: float) -> None:
        """End the connection once what was sent is not acknowledged, or not taken, for so long."""
        if self.transport is not None and (client := self.transport.get_extra_info("socket")) is not None:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall_s * 1000))

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # While a head is not whole, the connection still waits for a request.
        is_part = self._waiter is not None and not self._waiter.done()
        if is_part and self._head_timer is None:
            self._head_timer = self._loop.call_later(self._patience_s, self.force_close)
        elif not is_part:
            self._forget_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._forget_head()
        super().connection_lost(exc)
        if self.when_lost is not None:
            self.when_lost()

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

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
