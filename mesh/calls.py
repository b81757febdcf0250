"""Calls of one service: never longer than the deadline, not at all while the service does not answer, again where it is safe."""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from typing import Any

import grpc

from mesh.breaker import Breaker, RetryBudget
from mesh.errors import deadline_exceeded, from_rpc_error, has_reason, unavailable
from mesh.identity import current_caller
from mesh.logs import request_id
from mesh.metadata import REQUEST_ID, TRACEPARENT
from mesh.tracing import OFF, Tracer, traceparent

log = logging.getLogger(__name__)

Metadata = Sequence[tuple[str, str]]

SILENCE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
"""What the transport says of a service that did not answer."""
RETRY_PAUSE_S = 0.05
# With less than this left, a second attempt could not finish.
LEAST_RETRY_S = 0.1


def passed_on() -> Metadata:
    """What a call carries that is made for the call being served: whose it is, and which request it belongs to."""
    return [("authorization", f"Bearer {current_caller().token}"), (REQUEST_ID, request_id.get())]


class ServiceCalls:
    """What all calls of a service share: its channel, a breaker and a budget for retries."""

    def __init__(self, channel: grpc.aio.Channel, breaker: Breaker, budget: RetryBudget, tracer: Tracer = OFF) -> None:
        self.channel = channel
        self._tracer = tracer
        self._breaker, self._budget = breaker, budget

    async def call(
        self, method: Any, request: Any, metadata: Metadata, *, timeout_s: float, repeatable: bool, hurried: bool = False
    ) -> tuple[Any, Metadata]:
        """The answer and its trailing metadata. Raises ServiceError.

        A `repeatable` call (a read, or a write under an idempotency key) is tried once more when the service went away under it.
        A `hurried` one has less time than calls usually get: that it was not answered in time says nothing of the service.
        """
        if timeout_s <= 0:
            raise deadline_exceeded()
        deadline = time.monotonic() + timeout_s
        self._budget.called()
        try:
            return await self._attempt(method, request, metadata, timeout_s, hurried)
        except grpc.aio.AioRpcError as error:
            if not (repeatable and _went_away(error) and self._budget.spend()):
                raise from_rpc_error(error) from error
        await asyncio.sleep(RETRY_PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311  (jitter, not a secret)
        left_s = deadline - time.monotonic()
        if left_s < LEAST_RETRY_S:
            raise unavailable("the service")
        try:
            return await self._attempt(method, request, metadata, left_s, hurried)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def _attempt(
        self, method: Any, request: Any, metadata: Metadata, timeout_s: float, hurried: bool
    ) -> tuple[Any, Metadata]:
        if not self._breaker.admits():
            raise unavailable("the service")
        began = time.monotonic()
        try:
            answer, trailing = await self._traced(method, request, metadata, timeout_s)
        except grpc.aio.AioRpcError as error:
            if hurried and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise
            if not has_reason(error):
                log.warning("service did not answer", extra={"code": error.code().name, "error": error.details()})
            if error.code() in SILENCE and not has_reason(error):
                if _went_away(error):
                    self._breaker.broke_off(began)
                else:
                    self._breaker.failed()
            else:
                self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return answer, trailing

    async def _traced(self, method: Any, request: Any, metadata: Metadata, timeout_s: float) -> tuple[Any, Metadata]:
        with self._tracer.span(request.DESCRIPTOR.full_name, "client"):
            if parent := traceparent.get():
                metadata = [*metadata, (TRACEPARENT, parent)]
            call = method(request, timeout=timeout_s, metadata=metadata)
            return await call, await call.trailing_metadata()


def _went_away(error: grpc.aio.AioRpcError) -> bool:
    return error.code() is grpc.StatusCode.UNAVAILABLE and not has_reason(error)
