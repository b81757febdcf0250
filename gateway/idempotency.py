"""Idempotency keys at the edge: the header in, and the word that an answer is a repetition out."""

from collections.abc import Iterable

from aiohttp import web

from gateway.transcoding.input_errors import wrong_fields
from mesh.metadata import IDEMPOTENCY_REPLAYED, VALID_IDEMPOTENCY_KEY

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"


def idempotency_key(request: web.BaseRequest) -> str | None:
    """The key that the client sent, if any. Raises ServiceError(INVALID_ARGUMENT)."""
    keys = request.headers.getall(HEADER, [])
    if not keys:
        return None
    if len(keys) > 1 or not VALID_IDEMPOTENCY_KEY.fullmatch(keys[0]):
        raise wrong_fields([{"parameter": HEADER, "message": "must be sent once, with 1 to 255 visible ASCII characters"}])
    return keys[0]


def mark_replayed(answer: web.Response, trailing_metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Say so when the service answered from what it had stored."""
    if any(name == IDEMPOTENCY_REPLAYED for name, _ in trailing_metadata):
        answer.headers[REPLAYED_HEADER] = "true"
