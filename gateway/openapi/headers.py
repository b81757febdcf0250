"""The headers of answers in the document."""

from collections.abc import Iterable, Mapping

from gateway.idempotency import REPLAYED_HEADER
from gateway.openapi.schemas import Schema

REQUEST_ID = "X-Request-Id"
VARY = "Vary"
LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy", "RateLimit")
"""On every answer to a request that was counted."""


def _text(description: str, example: str) -> Schema:
    return {"description": description, "schema": {"type": "string"}, "example": example}


def _number(description: str, example: int) -> Schema:
    return {"description": description, "schema": {"type": "integer", "minimum": 0}, "example": example}


HEADERS: Mapping[str, Schema] = {
    REQUEST_ID: _text("Finds the request in the logs.", "2dda4f40f6e142aabc79b07d0c867532"),
    "RateLimit-Limit": _number("How much the limit that is closest holds.", 100),
    "RateLimit-Remaining": _number("How much of it is left.", 99),
    "RateLimit-Reset": _number("Seconds until it is full again.", 720),
    "RateLimit-Policy": _text(
        "Every limit that counted the request, by name: what it holds (`q`) in how many seconds (`w`).", '"default";q=100;w=720'
    ),
    "RateLimit": _text(
        "How each of them stands: what is left (`r`), and seconds until it is full again (`t`).", '"default";r=99;t=720'
    ),
    "ETag": _text("The entity tag of what is answered.", '"1"'),
    "Location": _text("Where what was made is found.", "/api/things/665f1f77bcf86cd799439021"),
    "Content-Disposition": _text("What the file may be called.", 'attachment; filename="things.csv"'),
    "Content-Encoding": _text("`gzip`, where the answer is large and the client accepts it.", "gzip"),
    VARY: _text("The request's headers that may make it another answer.", "Accept-Encoding"),
    REPLAYED_HEADER: _text("`true` when the answer is the first one, repeated for the same idempotency key.", "true"),
    "Retry-After": _number("After how many seconds to come back.", 1),
    "WWW-Authenticate": _text("How to sign in, and whether a token was sent that is not valid.", 'Bearer realm="unified"'),
}
_NEVER_SURE = frozenset({VARY, "Content-Encoding", REPLAYED_HEADER})


def header_components() -> dict[str, Schema]:
    """The headers as those answers have them that always do, where there are any."""
    return {name: header | ({} if name in _NEVER_SURE else {"required": True}) for name, header in HEADERS.items()}


def headers(always: Iterable[str], sometimes: Iterable[str] = ()) -> dict[str, Schema]:
    """The headers of an answer by name: those that it always has, and those that it may have."""
    return {name: _reference(name) for name in always} | {
        name: _reference(name) if name in _NEVER_SURE else dict(HEADERS[name]) for name in (*sometimes, VARY)
    }


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/headers/{name}"}
