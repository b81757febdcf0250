"""The parameters of a binding in the document: of its path and query, and the headers that it reads.

Tools fill a parameter's `example` in, so what may be left out has its example in its schema: sent unasked, a condition or a key
would change the answer.
"""

from collections.abc import Iterator

from unified.api.v1 import options_pb2

from gateway.answers import ETAG
from gateway.bindings import Binding
from gateway.etags import OPAQUE
from gateway.idempotency import HEADER as IDEMPOTENCY_HEADER
from gateway.openapi.examples import example_of
from gateway.openapi.schemas import Schema, Schemas, Use
from gateway.openapi.streams import last_event_id
from gateway.timeouts import HEADER as TIMEOUT_HEADER
from gateway.transcoding.parameters import Parameter
from gateway.transcoding.requests import RequestReader

_TAG = rf'(W/)?("{OPAQUE}"|{OPAQUE})'
IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": "Only act while this is still the resource's entity tag; `*` is any.",
    "schema": {"type": "string", "pattern": rf"^([*]|{_TAG})$", "examples": ['"1"']},
}
IF_NONE_MATCH: Schema = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Entity tags that the client has, separated by commas, or `*`: when one is the resource's, the answer is 304.",
    "schema": {"type": "string", "pattern": rf"^([*]|{_TAG}( *, *{_TAG})*)?$", "examples": ['"1"']},
}
_IDEMPOTENCY_KEY: Schema = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "description": "Under the same key the same request has one effect and the same answer, for 24 hours.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[\x21-\x7e]+$",
        "examples": ["6f6c0a52-8a52-4d3e-9c3e-0a3c5d5a1f0b"],
    },
}
TIMEOUT: Schema = {
    "name": TIMEOUT_HEADER,
    "in": "header",
    "description": "Seconds after which the client no longer waits. It can only lower what the platform allows.",
    "schema": {"type": "string", "pattern": r"^(?=.*[1-9])[0-9]{1,6}(\.[0-9]{1,6})?$", "examples": ["2.5"]},
}


def parameters(binding: Binding, schemas: Schemas) -> Iterator[Schema]:
    """The parameter objects."""
    reader = RequestReader(binding)
    for parameter, span in zip(reader.path, binding.template.spans, strict=True):
        schema: Schema = {"minLength": 1, **schemas.field(parameter.field, Use.INPUT)}
        schema |= {} if span.is_one_segment else {"pattern": span.regex}
        yield _parameter(parameter, "path", schema, required=True)
    for parameter in reader.query:
        schema = schemas.field(parameter.field, Use.INPUT)
        yield _parameter(parameter, "query", schema, required=parameter.field.GetOptions().Extensions[options_pb2.rules].required)
    if binding.is_stream:
        yield last_event_id(binding, schemas)
    if reader.takes_etag:
        yield IF_MATCH
    if may_be_known(binding):
        yield IF_NONE_MATCH
    if binding.accepts_idempotency_key:
        yield _IDEMPOTENCY_KEY
    yield TIMEOUT


def may_be_known(binding: Binding) -> bool:
    """Whether a client may say that it has what would be answered."""
    return binding.verb == "GET" and ETAG in binding.resource.fields_by_name


def _parameter(parameter: Parameter, place: str, schema: Schema, *, required: bool) -> Schema:
    result: Schema = {"name": parameter.name, "in": place, "schema": schema}
    if "description" in schema:
        result["description"] = schema.pop("description")
    example = example_of(parameter.field, Use.INPUT)
    if required:
        return result | {"required": True, "example": example}
    if example is not None:
        schema["examples"] = [example]
    return result
