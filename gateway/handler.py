"""The way of every HTTP request: request id, route, limit, access token, answer, and one line in the log."""

import logging
import re
import time
import uuid

from aiohttp import web

from gateway.connections import EdgeRequest
from gateway.endpoint import Endpoint
from gateway.errors import RestError
from gateway.limits import AddressLimiter
from gateway.pages import Page
from gateway.problems import problem_response, unauthenticated
from gateway.representation import represented
from gateway.routing import Router
from mesh.errors import ServiceError, internal_error
from mesh.logs import request_id
from mesh.tokens import TokenVerifier

log = logging.getLogger(__name__)

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_BEARER = "bearer "


class Handler:
    """Answers every request with exactly one response, whatever happens."""

    def __init__(self, router: Router[Endpoint | Page], limiter: AddressLimiter, verifier: TokenVerifier) -> None:
        self._router, self._limiter, self._verifier = router, limiter, verifier

    async def __call__(self, request: EdgeRequest) -> web.StreamResponse:
        start = time.perf_counter()
        request_id.set(_request_id(request))
        response = await self._answer_or_problem(request)
        log.info(
            "request",
            extra={
                "method": request.method,
                "path": request.rel_url.raw_path,
                "status": response.status,
                "duration_ms": round((time.perf_counter() - start) * 1000, 2),
                "address": request.remote,
            },
        )
        return response

    async def _answer_or_problem(self, request: EdgeRequest) -> web.StreamResponse:
        try:
            return await represented(request, await self._answer(request))
        except ServiceError as error:
            return problem_response(error)
        except ConnectionError:
            # The client went away while its body was read: there is nobody to answer.
            raise
        except Exception:
            log.exception("unexpected failure")
            return problem_response(internal_error())

    async def _answer(self, request: EdgeRequest) -> web.StreamResponse:
        try:
            if request.method == "OPTIONS":
                return web.Response(status=204, headers={"Allow": self._router.allow(request.rel_url.raw_path)})
            target, path = self._router.match(request.method, request.rel_url.raw_path)
        except RestError:
            await self._limit(request)
            raise
        if not isinstance(target, Endpoint):
            return await target(path)
        # Before anything that costs: what is refused here leaves room for what was admitted.
        with target.in_flight.place():
            await self._limit(request)
            token = self._authenticate(request) if target.needs_caller else None
            return await target(request, path, token)

    async def _limit(self, request: EdgeRequest) -> None:
        decision = await self._limiter.check(request.remote or "")
        request.answer_headers = decision.headers()
        decision.raise_if_refused()

    def _authenticate(self, request: EdgeRequest) -> str:
        """The access token, verified. Raises UNAUTHENTICATED with the challenge."""
        header = request.headers.get("Authorization", "")
        token = header[len(_BEARER) :].strip()
        if not header.lower().startswith(_BEARER) or not token.isascii():
            raise unauthenticated("send an access token as Authorization: Bearer", token_was_sent=bool(header))
        try:
            return self._verifier.verify(token).token
        except ServiceError as error:
            raise unauthenticated(error.message, token_was_sent=True) from None


def _request_id(request: web.BaseRequest) -> str:
    sent = request.headers.get("X-Request-Id", "")
    return sent if _SANE_REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
