"""The successes of a binding in the document."""

from collections.abc import Iterable

from gateway.answers import ETAG
from gateway.bindings import Binding
from gateway.bodies import JSON
from gateway.idempotency import REPLAYED_HEADER
from gateway.openapi.examples import message_example
from gateway.openapi.headers import LIMITS, REQUEST_ID, headers
from gateway.openapi.parameters import may_be_known
from gateway.openapi.schemas import FILE, Schema, Schemas, Use, stated_example
from gateway.openapi.streams import stream_response

ALWAYS = (REQUEST_ID, *LIMITS)


def successes(binding: Binding, schemas: Schemas) -> dict[str, Schema]:
    """The response objects by status."""
    found = {str(binding.success_status): _success(binding, schemas)}
    if may_be_known(binding):
        found["304"] = not_modified(ALWAYS)
    return found


def not_modified(always: Iterable[str]) -> Schema:
    """The answer to a client that has what would be answered, with these headers and its own."""
    return {"description": "The client has it already, as `If-None-Match` says.", "headers": headers([*always, "ETag"])}


def _success(binding: Binding, schemas: Schemas) -> Schema:
    replayed = [REPLAYED_HEADER] if binding.accepts_idempotency_key else []
    if binding.is_stream:
        return stream_response(binding, schemas, headers(ALWAYS))
    if binding.success_status == 204:
        return {"description": "Done.", "headers": headers(ALWAYS, replayed)}
    if binding.is_download:
        return _file(binding)
    always = [*ALWAYS]
    if ETAG in binding.resource.fields_by_name:
        always.append("ETag")
    if binding.rest.location:
        always.append("Location")
    resource = binding.resource
    content = {JSON: {"schema": schemas.message(resource, Use.ANSWER), "example": message_example(resource, Use.ANSWER)}}
    return {"description": "Success.", "headers": headers(always, ["Content-Encoding", *replayed]), "content": content}


def _file(binding: Binding) -> Schema:
    """The example is of the first content type."""
    content: dict[str, Schema] = {each: {"schema": FILE} for each in binding.rest.download.content_types}
    content[binding.rest.download.content_types[0]]["example"] = stated_example(binding.resource.fields_by_name["content"])
    return {"description": "The file.", "headers": headers([*ALWAYS, "Content-Disposition"]), "content": content}
