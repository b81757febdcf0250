"""Which pages of other origins may read what the edge answers: CORS, as browsers want it said."""

from collections.abc import Collection

from aiohttp import web

ANY = "*"
# How long a browser may remember the answer to a preflight; none remembers it longer.
MAX_AGE_S = 7200
REQUEST_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
    "X-Request-Id, X-Request-Timeout, traceparent, tracestate"
)
EXPOSED_HEADERS = (
    "Allow, Content-Disposition, ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Limit, RateLimit-Policy, "
    "RateLimit-Remaining, RateLimit-Reset, Retry-After, WWW-Authenticate, X-Request-Id"
)


class Cors:
    """Adds to answers what lets pages of these origins read them; `*` stands for every origin."""

    def __init__(self, origins: Collection[str], *, credentials: bool) -> None:
        self._origins, self._credentials = frozenset(origins), credentials

    def mark(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """`response` is what is about to be sent: its `Allow` answers a preflight."""
        if not self._origins:
            return
        if ANY not in self._origins:
            response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin is None or not self._origins & {origin, ANY}:
            return
        response.headers["Access-Control-Allow-Origin"] = ANY if ANY in self._origins else origin
        if self._credentials:
            response.headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = REQUEST_HEADERS
            response.headers["Access-Control-Max-Age"] = str(MAX_AGE_S)
        else:
            response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
