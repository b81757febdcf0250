"""The way of every HTTP request: request id, route, limits, access token, answer, and one line in the log."""

import logging
import re
import time
import uuid
from typing import TypeAlias

from aiohttp import web
from unified.error.v1.reason_pb2 import REASON_DEADLINE_EXCEEDED, REASON_INVALID_ARGUMENT

from gateway.addresses import Addresses
from gateway.buckets import Charges
from gateway.connections import EdgeRequest
from gateway.endpoint import Endpoint
from gateway.errors import RestError
from gateway.limits import Limiter
from gateway.pages import Page, refuse_input
from gateway.problems import problem_response, unauthenticated
from gateway.representation import represented
from gateway.routes import Route
from gateway.routing import Router
from gateway.streaming import StreamEndpoint
from gateway.tally import Tally
from mesh.error_codes import RULES
from mesh.errors import ServiceError, internal_error
from mesh.identity import Caller
from mesh.logs import ROUTINE, request_id
from mesh.metadata import TRACEPARENT
from mesh.tokens import TokenVerifier
from mesh.tracing import OFF, Span, Tracer, sane, traceparent

log = logging.getLogger(__name__)

Target: TypeAlias = Endpoint | StreamEndpoint | Page

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_BEARER = "bearer "
FORWARDED_FOR = "X-Forwarded-For"
OUT_OF_TIME = RULES[REASON_DEADLINE_EXCEEDED].http_status


class Handler:
    """Answers every request with exactly one response, whatever happens."""

    def __init__(
        self,
        router: Router[Route[Target]],
        limiter: Limiter,
        addresses: Addresses,
        nowhere: Charges,
        verifier: TokenVerifier,
        tracer: Tracer = OFF,
    ) -> None:
        """`nowhere` is what a request to no route takes."""
        self._router, self._limiter, self._addresses, self._nowhere = router, limiter, addresses, nowhere
        self._verifier, self._tracer = verifier, tracer

    async def __call__(self, request: EdgeRequest) -> web.StreamResponse:
        start = time.perf_counter()
        request_id.set(_request_id(request))
        traceparent.set(sane(",".join(request.headers.getall(TRACEPARENT, ()))))
        request.address = self._addresses.client_of(request.remote or "", request.headers.getall(FORWARDED_FOR, ()))
        with self._tracer.span(request.method, "server", request_id=request_id.get()) as span:
            response = await self._answer_or_problem(request)
            _note(request, response.status, time.perf_counter() - start, span)
        return response

    async def _answer_or_problem(self, request: EdgeRequest) -> web.StreamResponse:
        tally = Tally(self._limiter)
        request.answer_headers = tally.headers
        try:
            response = await represented(request, await self._answer(request, tally))
        except ServiceError as error:
            response = problem_response(error)
        except ConnectionError:
            # The client went away while its body was read: there is nobody to answer.
            raise
        except Exception:
            log.exception("unexpected failure")
            response = problem_response(internal_error())
        # Who does not wait pays all the same: or short deadlines would make every request free.
        did_not_wait = tally.hurried and response.status == OUT_OF_TIME
        if response.status >= 500 and not did_not_wait:
            await tally.give_back()
        return response

    async def _answer(self, request: EdgeRequest, tally: Tally) -> web.StreamResponse:
        if not request.is_well_framed:
            raise RestError(REASON_INVALID_ARGUMENT, "the body must come whole, or chunked in HTTP/1.1")
        try:
            if request.method == "OPTIONS":
                return web.Response(status=204, headers={"Allow": self._router.allow(request.rel_url.raw_path)})
            route, path = self._router.match(request.method, request.rel_url.raw_path)
        except RestError:
            await self._spend(request, tally, self._nowhere)
            raise
        request.route, target = route, route.target
        if not isinstance(target, Endpoint | StreamEndpoint):
            refuse_input(request)
            return await target(path)
        # Before anything that costs: what is refused here leaves room for what was admitted.
        with target.in_flight.place():
            await self._spend(request, tally, target.charges)
            caller = self._authenticate(request) if target.needs_caller else None
            return await target(request, path, caller, tally)

    async def _spend(self, request: EdgeRequest, tally: Tally, charges: Charges) -> None:
        """What is taken before anything but the path is known."""
        spender = self._addresses.spender_of(request.address)
        await tally.spend(charges.first, [spender] * len(charges.first))

    def _authenticate(self, request: EdgeRequest) -> Caller:
        """Whom the access token names. Raises UNAUTHENTICATED with the challenge."""
        # Two of them together are no token.
        header = ", ".join(request.headers.getall("Authorization", ()))
        token = header[len(_BEARER) :].strip()
        if not header.lower().startswith(_BEARER) or not token.isascii():
            raise unauthenticated("send an access token as Authorization: Bearer", token_was_sent=bool(header))
        try:
            return self._verifier.verify(token)
        except ServiceError as error:
            raise unauthenticated(error.message, token_was_sent=True) from None


def _note(request: EdgeRequest, status: int, duration_s: float, span: Span) -> None:
    request.route.answered(status, duration_s)
    span.rename(request.route.name)
    span.note("http.response.status_code", status)
    if status >= 500:
        span.failed(str(status))
    log.info(
        "request",
        extra={
            "method": request.method,
            "path": request.rel_url.raw_path,
            "status": status,
            "duration_ms": round(duration_s * 1000, 2),
            "address": request.address,
            ROUTINE: status < 400,
        },
    )


def _request_id(request: web.BaseRequest) -> str:
    sent = request.headers.get("X-Request-Id", "")
    return sent if _SANE_REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
