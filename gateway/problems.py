"""The one writer of failures: problem documents of RFC 9457."""

import math
from typing import Any

import orjson
from aiohttp import web
from unified.error.v1.reason_pb2 import REASON_UNAUTHENTICATED

from gateway.errors import RestError
from mesh.errors import ServiceError
from mesh.logs import request_id

CONTENT_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="unified"'


def problem_document(error: ServiceError) -> dict[str, Any]:
    """What a client is told. Of failures of our own side nothing but the request id, which the logs know."""
    rule = error.info
    ours = rule.http_status >= 500
    document: dict[str, Any] = {
        "type": f"/docs/errors/{rule.code}",
        "title": rule.title,
        "status": rule.http_status,
        "detail": "quote the request id (instance) to have it looked into" if ours else error.message,
        "instance": request_id.get(),
        "code": rule.code,
    }
    if isinstance(error, RestError):
        document |= error.members
        if error.errors:
            document["errors"] = error.errors
    return document


def problem_response(error: ServiceError) -> web.Response:
    """The answer to a failure."""
    rule = error.info
    headers = {"Content-Type": CONTENT_TYPE}
    if rule.http_status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, RestError):
        headers |= error.headers
    return web.Response(status=rule.http_status, headers=headers, body=orjson.dumps(problem_document(error)))


def unauthenticated(message: str, *, token_was_sent: bool) -> RestError:
    """A refusal with the challenge that tells a client whether to get a token or another token."""
    challenge = f'{CHALLENGE}, error="invalid_token"' if token_was_sent else CHALLENGE
    return RestError(REASON_UNAUTHENTICATED, message, headers={"WWW-Authenticate": challenge})
