"""Streams of server-sent events in the document.

OpenAPI 3.1 has no words for the events of a stream: the schema says that it is text, and `x-itemSchema` says of each event
what `itemSchema` says in OpenAPI 3.2.
"""

from collections.abc import Mapping

from gateway.bindings import Binding
from gateway.openapi.schemas import Schema, Schemas, Use
from gateway.sse import CONTENT_TYPE
from gateway.stream_shape import shape_of

LAST_EVENT_ID: Schema = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that the client has seen: the stream goes on behind it. Without it, it begins now.",
    "schema": {"type": "string"},
}
_TEXT = {"type": "string"}


def stream_response(binding: Binding, schemas: Schemas, headers: Mapping[str, Schema]) -> Schema:
    """The success of a binding that is a stream."""
    data = schemas.message(shape_of(binding).event, Use.ANSWER)
    event = {
        "type": "object",
        "properties": {
            "id": _TEXT | {"description": "What to send as `Last-Event-ID` to go on behind this event."},
            "event": _TEXT | {"description": "What is told, or `error`: then the stream ends, with a problem."},
            "data": _TEXT | {"contentMediaType": "application/json", "contentSchema": data},
            "retry": {"type": "integer", "description": "After how many milliseconds to come back, once the stream is over."},
        },
    }
    content = {CONTENT_TYPE: {"schema": _TEXT, "x-itemSchema": event}}
    description = "Server-sent events, until the access token expires; comments in between keep the connection alive."
    return {"description": description, "headers": dict(headers), "content": content}
