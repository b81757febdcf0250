"""What the document says of one binding."""

from collections.abc import Iterator, Mapping

from gateway.answers import ETAG
from gateway.bindings import WHOLE_BODY, Binding
from gateway.bodies import JSON, MERGE_PATCH
from gateway.contract import message_of
from gateway.idempotency import HEADER as IDEMPOTENCY_HEADER
from gateway.openapi.problems import problem_responses
from gateway.openapi.schemas import Schema, Schemas, Use
from gateway.openapi.streams import LAST_EVENT_ID, stream_response
from gateway.transcoding.changes import UPDATE_MASK
from gateway.transcoding.requests import RequestReader

_IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": "Only act while this is still the resource's entity tag.",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH: Schema = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Entity tags that the client has, separated by commas: when one is the resource's, the answer is 304.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY_KEY: Schema = {
    "name": IDEMPOTENCY_HEADER,
    "in": "header",
    "description": "Under the same key the same request has one effect and the same answer, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
}
_TIMEOUT: Schema = {
    "name": "X-Request-Timeout",
    "in": "header",
    "description": "Seconds after which the client no longer waits. It can only lower what the platform allows.",
    "schema": {"type": "string", "pattern": r"^[0-9]{1,6}(\.[0-9]{1,6})?$"},
}
HEADERS: Mapping[str, Schema] = {
    "X-Request-Id": {"description": "Finds the request in the logs.", "schema": {"type": "string"}},
    "RateLimit-Limit": {"description": "How much the limit that is closest holds.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "How much of it is left.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "Seconds until it is full again.", "schema": {"type": "integer"}},
    "RateLimit-Policy": {
        "description": "Every limit that counted the request, by name: what it holds (`q`) in how many seconds (`w`).",
        "schema": {"type": "string", "examples": ['"default";q=100;w=720']},
    },
    "RateLimit": {
        "description": "How each of them stands: what is left (`r`), and seconds until it is full again (`t`).",
        "schema": {"type": "string", "examples": ['"default";r=99;t=720']},
    },
    "ETag": {"description": "The entity tag of what is answered.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "What the file may be called.", "schema": {"type": "string"}},
    "Location": {"description": "Where what was made is found.", "schema": {"type": "string"}},
}
"""The headers of successes, as components of the document."""
_ALWAYS = ("X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy", "RateLimit")


def operation(binding: Binding, schemas: Schemas, comments: Mapping[str, str], operation_id: str) -> Schema:
    """The operation object. `comments` has the contracts' comments by full name."""
    comment = comments.get(binding.name, binding.name)
    summary, _, _ = comment.partition(". ")
    result: Schema = {
        "operationId": operation_id,
        "tags": [tag_of(binding)],
        "summary": summary.rstrip(".").replace("`", ""),
        "description": comment,
        "parameters": list(_parameters(binding, schemas)),
        "responses": {str(binding.success_status): _success(binding, schemas), **_known(binding), **problem_responses(binding)},
        "security": [{"accessToken": []}] if binding.needs_caller else [],
    }
    if binding.body:
        result["requestBody"] = _request_body(binding, schemas)
    return result


def tag_of(binding: Binding) -> str:
    """The service's resource, as in "Task"."""
    return str(binding.method.containing_service.name.removesuffix("Service"))


def _parameters(binding: Binding, schemas: Schemas) -> Iterator[Schema]:
    reader = RequestReader(binding)
    for parameter, span in zip(reader.path, binding.template.spans, strict=True):
        schema = schemas.field(parameter.field, Use.INPUT) | ({} if span.is_one_segment else {"pattern": span.regex})
        yield _parameter(parameter.name, "path", schema) | {"required": True}
    for parameter in reader.query:
        yield _parameter(parameter.name, "query", schemas.field(parameter.field, Use.INPUT))
    if binding.is_stream:
        yield LAST_EVENT_ID
    if reader.takes_etag:
        yield _IF_MATCH
    if _may_be_known(binding):
        yield _IF_NONE_MATCH
    if binding.accepts_idempotency_key:
        yield _IDEMPOTENCY_KEY
    if not binding.is_stream:
        yield _TIMEOUT


def _parameter(name: str, place: str, schema: Schema) -> Schema:
    description = {"description": schema.pop("description")} if "description" in schema else {}
    return {"name": name, "in": place, **description, "schema": schema}


def _request_body(binding: Binding, schemas: Schemas) -> Schema:
    request = binding.method.input_type
    if binding.takes_file:
        schema = {"type": "string", "description": schemas.field(request.fields_by_name[binding.body], Use.INPUT)["description"]}
        return {"required": True, "content": {media_type: {"schema": schema} for media_type in binding.rest.body_types}}
    if binding.body == WHOLE_BODY:
        schema = schemas.message(request, Use.INPUT, name=request.name)
    else:
        use = Use.CHANGE if UPDATE_MASK in request.fields_by_name else Use.INPUT
        schema = schemas.message(message_of(request.fields_by_name[binding.body]), use)
    types = [JSON, MERGE_PATCH] if binding.verb == "PATCH" else [JSON]
    return {"required": not binding.body_is_optional, "content": {media_type: {"schema": schema} for media_type in types}}


def _may_be_known(binding: Binding) -> bool:
    return binding.verb == "GET" and ETAG in binding.resource.fields_by_name


def _known(binding: Binding) -> Schema:
    if not _may_be_known(binding):
        return {}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ALWAYS, "ETag")}
    return {"304": {"description": "The client has it already, as `If-None-Match` says.", "headers": headers}}


def _success(binding: Binding, schemas: Schemas) -> Schema:
    resource = binding.resource
    names = list(_ALWAYS)
    if ETAG in resource.fields_by_name:
        names.append("ETag")
    if binding.rest.location:
        names.append("Location")
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    if binding.is_stream:
        return stream_response(binding, schemas, headers)
    if binding.success_status == 204:
        return {"description": "Done.", "headers": headers}
    if binding.is_download:
        headers["Content-Disposition"] = {"$ref": "#/components/headers/Content-Disposition"}
        content = {media_type: {"schema": {"type": "string"}} for media_type in binding.rest.download.content_types}
        return {"description": "The file.", "headers": headers, "content": content}
    content = {JSON: {"schema": schemas.message(resource, Use.ANSWER)}}
    return {"description": "Success.", "headers": headers, "content": content}
