"""The text of server-sent events (WHATWG HTML, 9.2). Everything is one line of JSON, an id or a number, so no line is broken."""

import orjson

from gateway.problems import problem_document
from mesh.errors import ServiceError

CONTENT_TYPE = "text/event-stream"
# Without a word of ours a browser comes back after some seconds of its own choice.
RETRY_MS = 2000
HEARTBEAT = b":\n\n"
"""A comment: it keeps proxies from closing a quiet stream, and finds clients that are gone."""


def greeting(position: str) -> bytes:
    """The beginning: when to come back, and from where to go on before the first event came."""
    return f"retry: {RETRY_MS}\nid: {position}\n\n".encode()


def event(event_id: str, event_type: str, data: bytes) -> bytes:
    return f"id: {event_id}\nevent: {event_type}\ndata: ".encode() + data + b"\n\n"


def failure(error: ServiceError) -> bytes:
    """The end: the problem that an answer would have been."""
    return b"event: error\ndata: " + orjson.dumps(problem_document(error)) + b"\n\n"


def goodbye(retry_ms: int) -> bytes:
    """The end of a stream that goes on elsewhere: come back after so many milliseconds."""
    return f": goodbye\nretry: {retry_ms}\n\n".encode()
