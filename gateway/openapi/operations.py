"""What the document says of one binding."""

from collections.abc import Mapping

from unified.api.v1 import options_pb2

from gateway.bindings import WHOLE_BODY, Binding
from gateway.bodies import JSON, MERGE_PATCH
from gateway.contract import message_of
from gateway.openapi.examples import message_example
from gateway.openapi.parameters import parameters
from gateway.openapi.problems import Problems
from gateway.openapi.schemas import FILE, Schema, Schemas, Use, stated_example
from gateway.openapi.successes import successes
from gateway.transcoding.changes import UPDATE_MASK


def operation(binding: Binding, schemas: Schemas, problems: Problems, comments: Mapping[str, str], operation_id: str) -> Schema:
    """The operation object. `comments` has the contracts' comments by full name."""
    comment = comments.get(binding.name, binding.name)
    summary, _, _ = comment.partition(". ")
    result: Schema = {
        "operationId": operation_id,
        "tags": [tag_of(binding)],
        "summary": summary.rstrip(".").replace("`", ""),
        "description": comment,
        "parameters": list(parameters(binding, schemas)),
        "responses": {**successes(binding, schemas), **problems.of(binding)},
        "security": [{"accessToken": []}] if binding.needs_caller else [],
    }
    if binding.body:
        result["requestBody"] = _request_body(binding, schemas)
    return result


def tag_of(binding: Binding) -> str:
    """The service's resource, as in "Task"."""
    return str(binding.method.containing_service.name.removesuffix("Service"))


def _request_body(binding: Binding, schemas: Schemas) -> Schema:
    if binding.takes_file:
        return _file(binding, schemas)
    request = binding.method.input_type
    if binding.body == WHOLE_BODY:
        schema, example = schemas.message(request, Use.INPUT, name=request.name), message_example(request, Use.INPUT)
    else:
        sent = message_of(request.fields_by_name[binding.body])
        use = Use.CHANGE if UPDATE_MASK in request.fields_by_name else Use.INPUT
        schema, example = schemas.message(sent, use), message_example(sent, use)
    types = [JSON, MERGE_PATCH] if binding.verb == "PATCH" else [JSON]
    content = {media_type: {"schema": schema, "example": example} for media_type in types}
    return {"required": not binding.body_is_optional, "content": content}


def _file(binding: Binding, schemas: Schemas) -> Schema:
    """The example is of the first content type."""
    field = binding.method.input_type.fields_by_name[binding.body]
    required = field.GetOptions().Extensions[options_pb2.rules].required
    schema = FILE | {"description": schemas.field(field, Use.INPUT)["description"]} | ({"minLength": 1} if required else {})
    content: dict[str, Schema] = {media_type: {"schema": schema} for media_type in binding.rest.body_types}
    content[binding.rest.body_types[0]]["example"] = stated_example(field)
    return {"required": True, "content": content}
