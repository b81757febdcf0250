"""The request message of a binding, from what came in: path, query, body and the `If-Match` header."""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from gateway.bindings import WHOLE_BODY, Binding
from gateway.contract import message_of
from gateway.transcoding.changes import UPDATE_MASK, changed_resource
from gateway.transcoding.decode import compile_decoder, compile_fields
from gateway.transcoding.input_errors import InputErrors
from gateway.transcoding.parameters import Parameter, compile_query, path_parameter, query_parameters
from gateway.transcoding.supported import check_supported

ETAG = "etag"
PAGE_TOKEN = "page_token"  # noqa: S105  (a field's name)


class RequestReader:
    """Reads the requests of one binding."""

    def __init__(self, binding: Binding) -> None:
        request = binding.method.input_type
        check_supported(request)
        fields = request.fields_by_name
        self._request_class = binding.request_class
        self.path = [path_parameter(request, variable) for variable in binding.template.variables]
        self.query = [
            each
            for field in query_fields(binding)
            for each in query_parameters(field)
            if ".".join(each.path) not in binding.template.variables
        ]
        self._read_query = compile_query(self.query)
        self._read_body = _compile_body(binding)
        self.takes_etag = ETAG in fields

    def read(self, path: Sequence[str], query: str, body: Any, etag: str | None) -> Message:
        """The message. `body` is parsed JSON or a file, ignored where the binding has none. Raises InvalidRequestError."""
        errors = InputErrors()
        fields = self._read_body(body, errors)
        values = [parameter.read(text, errors) for parameter, text in zip(self.path, path, strict=True)]
        fields |= self._read_query(query, errors)
        for parameter, value in zip(self.path, values, strict=True):
            _put(fields, parameter, value, errors)
        if etag is not None and self.takes_etag:
            fields[ETAG] = etag
        errors.raise_if_any()
        return self._request_class(**fields)


def _put(fields: dict[str, Any], parameter: Parameter, value: Any, errors: InputErrors) -> None:
    """Add what the path says. The body may say the same, but nothing else."""
    *parents, name = parameter.path
    holder: Any = fields
    for parent in parents:
        if isinstance(holder, dict):
            holder[parent] = holder.get(parent) or {}
            holder = holder[parent]
        else:
            holder = getattr(holder, parent)
    sent = holder.get(name) if isinstance(holder, dict) else getattr(holder, name)
    if sent and sent != value:
        errors.at_parameter(parameter.name, "is not what the body says")
    elif isinstance(holder, dict):
        holder[name] = value
    elif value is not None:
        setattr(holder, name, value)


def query_fields(binding: Binding) -> list[FieldDescriptor]:
    """The request's fields that come from the query: those that neither path, body nor a header fills."""
    if binding.body == WHOLE_BODY:
        return []
    taken = {*binding.template.variables, binding.body, ETAG}
    if binding.body:
        taken.add(UPDATE_MASK)
    if binding.is_stream:
        # A header fills the first; the other is between edge and service.
        taken |= {binding.rest.stream.after, PAGE_TOKEN}
    if binding.is_download:
        # The edge itself asks for part after part.
        taken.add(PAGE_TOKEN)
    return [field for field in binding.method.input_type.fields if field.name not in taken]


def _compile_body(binding: Binding) -> Callable[[Any, InputErrors], dict[str, Any]]:
    """From the body to fields of the request, the update mask among them."""
    if not binding.body:
        return lambda _body, _errors: {}
    request = binding.method.input_type
    if binding.body == WHOLE_BODY:
        whole = compile_fields(request)
        return lambda body, errors: whole(body, "", errors)
    field = request.fields_by_name[binding.body]
    if binding.takes_file:
        return lambda body, _errors: {field.name: body}
    if field == changed_resource(request):
        return _compile_masked_body(field)
    decode = compile_decoder(message_of(field))
    return lambda body, errors: {field.name: decode(body, "", errors)}


def _compile_masked_body(field: FieldDescriptor) -> Callable[[Any, InputErrors], dict[str, Any]]:
    """Names every key of the body in the update mask, so that a field is cleared by null and kept when it is not sent."""
    read_fields, resource_class = compile_fields(message_of(field)), GetMessageClass(message_of(field))

    def read(body: Any, errors: InputErrors) -> dict[str, Any]:
        fields = read_fields(body, "", errors)
        return {} if errors else {field.name: resource_class(**fields), UPDATE_MASK: {"paths": list(fields)}}

    return read
