"""Streams of server-sent events in the document.

OpenAPI 3.1 has no words for the events of a stream: the schema says that it is text, and `x-itemSchema` says of each event
what `itemSchema` says in OpenAPI 3.2.
"""

from collections.abc import Mapping

import orjson

from gateway import sse
from gateway.bindings import Binding
from gateway.openapi.examples import message_example
from gateway.openapi.schemas import Schema, Schemas, Use
from gateway.stream_shape import StreamShape, shape_of
from gateway.streaming import LAST_EVENT_ID

_TEXT = {"type": "string"}


def last_event_id(binding: Binding, schemas: Schemas) -> Schema:
    """The parameter with which a stream goes on."""
    field = binding.method.input_type.fields_by_name[shape_of(binding).after]
    schema = {key: value for key, value in schemas.field(field, Use.INPUT).items() if key != "description"}
    return {
        "name": LAST_EVENT_ID,
        "in": "header",
        "description": "The id of the last event that the client has seen: the stream goes on behind it. Now, when not sent.",
        "schema": schema,
    }


def stream_response(binding: Binding, schemas: Schemas, headers: Mapping[str, Schema]) -> Schema:
    """The success of a binding that is a stream."""
    shape = shape_of(binding)
    content = {sse.CONTENT_TYPE: {"schema": _TEXT, "x-itemSchema": _items(shape, schemas), "example": _example(shape)}}
    description = "Server-sent events, until the access token expires; comments in between keep the connection alive."
    return {"description": description, "headers": dict(headers), "content": content}


def _items(shape: StreamShape, schemas: Schemas) -> Schema:
    """What stands between two empty lines: news, the failure that ends the stream, or where and when to go on."""
    place = _TEXT | {"description": "What to send as `Last-Event-ID` to go on behind this event."}
    news = {"id": place, "event": _TEXT | {"not": {"const": "error"}}, "data": _json(schemas.message(shape.event, Use.ANSWER))}
    end = {"event": {"const": "error"}, "data": _json({"$ref": "#/components/schemas/Problem"})}
    pause = {"type": "integer", "description": "After how many milliseconds to come back, once the stream is over."}
    return {
        "oneOf": [
            {"type": "object", "description": "News.", "properties": news, "required": list(news)},
            {"type": "object", "description": "A failure: the stream ends.", "properties": end, "required": list(end)},
            {"type": "object", "properties": {"retry": pause, "id": place}, "required": ["retry"]},
        ]
    }


def _json(schema: Schema) -> Schema:
    return _TEXT | {"contentMediaType": "application/json", "contentSchema": schema}


def _example(shape: StreamShape) -> str:
    event = message_example(shape.event, Use.ANSWER)
    return (sse.greeting(event["id"]) + sse.event(event["id"], event["type"], orjson.dumps(event))).decode()
