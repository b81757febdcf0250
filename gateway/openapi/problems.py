"""The failures in the document: what a problem looks like, and which statuses a binding may answer."""

from collections.abc import Iterator, Mapping

from unified.error.v1 import reason_pb2

from gateway.bindings import Binding
from gateway.openapi.schemas import Schema
from gateway.problems import CONTENT_TYPE
from gateway.transcoding.requests import ETAG
from mesh.error_codes import RULES

REASONS = reason_pb2.DESCRIPTOR.enum_types_by_name["Reason"]
_ENTRY: Schema = {
    "type": "object",
    "description": "Where, as a JSON pointer into the body or as the name of a parameter or header, and what is wrong.",
    "properties": {"pointer": {"type": "string"}, "parameter": {"type": "string"}, "message": {"type": "string"}},
    "required": ["message"],
}


def meanings(comments: Mapping[str, str]) -> dict[str, str]:
    """What each code means, as the contract says."""
    return {
        rule.code: comments.get(f"{REASONS.full_name}.{REASONS.values_by_number[reason].name}", rule.title)
        for reason, rule in RULES.items()
    }


def problem_schema(comments: Mapping[str, str]) -> Schema:
    """A problem document, with every code there is."""
    meaning = meanings(comments)
    codes = [f"- `{rule.code}` ({rule.http_status}): {meaning[rule.code]}" for rule in RULES.values()]
    text = {"type": "string"}
    properties = {
        "type": text | {"format": "uri-reference", "description": "Where the code is explained."},
        "title": text | {"description": "What happened, the same for every occurrence."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": text | {"description": "What happened this time."},
        "instance": text | {"description": "The request id."},
        "code": text | {"enum": [rule.code for rule in RULES.values()], "description": "\n".join(codes)},
        "errors": {"type": "array", "items": _ENTRY, "description": "What is wrong with the request, at most 20 entries."},
        "bucket": text | {"description": "With `rate_limited`: the limit that refused the request, by its name."},
    }
    return {
        "type": "object",
        "description": "A failure, as RFC 9457 has it.",
        "properties": properties,
        "required": [name for name in properties if name not in ("errors", "bucket")],
    }


def problem_component() -> Schema:
    """The response that all failures refer to."""
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": "A failure.", "content": content}


def problem_responses(binding: Binding) -> dict[str, Schema]:
    """The failures that the edge itself answers, by status; `default` stands for all that the service may add."""
    statuses = {"400": "The request is not valid.", **dict(_statuses(binding))}
    return {
        **{status: _response(text) for status, text in sorted(statuses.items())},
        "default": _response("Any other failure; `code` says which."),
    }


def _statuses(binding: Binding) -> Iterator[tuple[str, str]]:
    if binding.needs_caller:
        yield "401", "No valid access token was sent."
    if binding.template.variables:
        yield "404", "There is no such resource, or it is somebody else's."
    if ETAG in binding.method.input_type.fields_by_name:
        yield "412", "The resource has changed since it was read."
    if binding.accepts_idempotency_key:
        yield "409", "A request with this idempotency key is still running, or the resource's state does not admit this."
        yield "422", "The idempotency key was used for another request."
    if binding.body:
        yield "413", f"The body has more than {binding.max_body_bytes} bytes."
        kind = "one of the content types" if binding.takes_file else "JSON"
        yield "415", f"The body is not {kind}, or it is compressed."
    limits = " and ".join(["the address's", *(f"`{name}`" for name in binding.rest.buckets)])
    yield "429", f"Too many requests, by {limits} limit; `Retry-After` says when to come back."


def _response(description: str) -> Schema:
    return {"$ref": "#/components/responses/Problem", "description": description}
