"""REST bindings, read from the services' descriptors: one for each `google.api.http` rule, additional ones included."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from unified.api.v1 import options_pb2

from gateway.contract import ContractError, fields_on, message_of
from gateway.templates import VARIABLE, Template, parse_template

WHOLE_BODY = "*"
DEFAULT_BODY_BYTES = 256 * 1024
_VERBS = ("get", "put", "post", "delete", "patch")
_BODILESS = ("GET", "DELETE")
_NOT_FOR_REST = (options_pb2.ACCESS_INTERNAL, options_pb2.ACCESS_DELEGATED)


@dataclass(frozen=True, slots=True)
class Binding:
    """One way to call one method over REST.

    `body` names the request field that the body fills: "*" is the whole request, "" no body. `response_body` names the
    response field that is answered, "" the whole response.
    """

    verb: str
    template: Template
    body: str
    response_body: str
    method: MethodDescriptor
    access: options_pb2.Access.ValueType
    rest: options_pb2.Rest
    request_class: type[Message]
    response_class: type[Message]

    @property
    def name(self) -> str:
        """The method's full name, as in "unified.task.v1.TaskService.GetTask"."""
        return str(self.method.full_name)

    @property
    def rpc(self) -> str:
        """The method's path on gRPC."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def needs_caller(self) -> bool:
        return self.access != options_pb2.ACCESS_ANONYMOUS

    @property
    def success_status(self) -> int:
        return self.rest.success_status or 200

    @property
    def max_body_bytes(self) -> int:
        return self.rest.max_body_bytes or DEFAULT_BODY_BYTES

    @property
    def body_is_optional(self) -> bool:
        """Whether no body stands for an empty one: the body is the whole request, and may lack every field."""
        fields = [field for field in self.method.input_type.fields if field.name not in self.template.variables]
        return self.body == WHOLE_BODY and not any(field.GetOptions().Extensions[options_pb2.rules].required for field in fields)

    @property
    def only_reads(self) -> bool:
        level = self.method.GetOptions().idempotency_level
        return bool(level == MethodOptions.IdempotencyLevel.NO_SIDE_EFFECTS)

    @property
    def is_stream(self) -> bool:
        return bool(self.rest.HasField("stream"))

    @property
    def is_download(self) -> bool:
        return bool(self.rest.HasField("download"))

    @property
    def takes_file(self) -> bool:
        """Whether the body is a file, not JSON."""
        return bool(self.rest.body_types)

    @property
    def accepts_idempotency_key(self) -> bool:
        return bool(self.method.GetOptions().Extensions[options_pb2.accepts_idempotency_key])

    @property
    def resource(self) -> Descriptor:
        """The message that is answered."""
        if not self.response_body:
            return self.method.output_type
        return message_of(self.method.output_type.fields_by_name[self.response_body])


def build_bindings(services: Iterable[ServiceDescriptor]) -> list[Binding]:
    """All bindings of the services. Raises ContractError for a method that cannot be served as its contract says."""
    return [binding for service in services for method in service.methods for binding in _bindings(method)]


def _bindings(method: MethodDescriptor) -> Iterator[Binding]:
    options = method.GetOptions()
    if options.Extensions[options_pb2.access] in _NOT_FOR_REST:
        return
    try:
        if options.Extensions[options_pb2.access] == options_pb2.ACCESS_UNSPECIFIED:
            raise ContractError("has no (unified.api.v1.access)")
        if not options.HasExtension(annotations_pb2.http):
            raise ContractError("has no (google.api.http)")
        if method.client_streaming or method.server_streaming:
            raise ContractError("is a stream, which the edge does not serve")
        rule = options.Extensions[annotations_pb2.http]
        for each in (rule, *rule.additional_bindings):
            yield _binding(method, each)
    except ContractError as error:
        raise ContractError(f"{method.full_name} {error}") from None


def _binding(method: MethodDescriptor, rule: HttpRule) -> Binding:
    options = method.GetOptions()
    verb = rule.WhichOneof("pattern")
    if verb not in _VERBS:
        raise ContractError(f"is bound to {verb or 'no path'}, not to one of {', '.join(_VERBS)}")
    binding = Binding(
        verb=verb.upper(),
        template=parse_template(getattr(rule, verb)),
        body=rule.body,
        response_body=rule.response_body,
        method=method,
        access=options.Extensions[options_pb2.access],
        rest=options.Extensions[options_pb2.rest],
        request_class=GetMessageClass(method.input_type),
        response_class=GetMessageClass(method.output_type),
    )
    _check_request(binding)
    _check_response(binding)
    if binding.is_download:
        _check_download(binding)
    return binding


def _check_request(binding: Binding) -> None:
    fields = binding.method.input_type.fields_by_name
    for variable in binding.template.variables:
        way = fields_on(binding.method.input_type, variable)
        if not way or way[-1].is_repeated or way[-1].message_type:
            raise ContractError(f"binds the path variable {{{variable}}}, which is not a plain field of its request")
    if binding.body and binding.verb in _BODILESS:
        raise ContractError(f"has a body, which {binding.verb} must not have")
    if binding.takes_file:
        _need(binding.method.input_type, FieldDescriptor.TYPE_BYTES, binding.body)
    elif binding.body not in ("", WHOLE_BODY) and not _is_message(fields.get(binding.body)):
        raise ContractError(f"takes its body into {binding.body!r}, which is not a message field of its request")


def _check_response(binding: Binding) -> None:
    fields = binding.method.output_type.fields_by_name
    if binding.response_body and not _is_message(fields.get(binding.response_body)):
        raise ContractError(f"answers {binding.response_body!r}, which is not a message field of its response")
    if binding.success_status not in (200, 201, 202, 204):
        raise ContractError(f"answers a success with {binding.success_status}")
    if (binding.success_status == 201) != bool(binding.rest.location):
        raise ContractError("must state a location if, and only if, it answers 201")
    for name in VARIABLE.findall(binding.rest.location):
        field = binding.resource.fields_by_name.get(name)
        if field is None or field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
            raise ContractError(f"states a location with {{{name}}}, but what it answers has no text {name}")


def _check_download(binding: Binding) -> None:
    _need(binding.method.input_type, FieldDescriptor.TYPE_STRING, "page_token")
    _need(binding.method.output_type, FieldDescriptor.TYPE_STRING, "content_type", "file_name", "next_page_token")
    _need(binding.method.output_type, FieldDescriptor.TYPE_BYTES, "content")
    if binding.verb != "GET" or binding.response_body or not binding.only_reads:
        raise ContractError("is a download, and does more than to answer GET with a file")


def _need(message: Descriptor, kind: int, *names: str) -> None:
    kind_name = "text" if kind == FieldDescriptor.TYPE_STRING else "bytes"
    for name in names:
        field = message.fields_by_name.get(name)
        if field is None or field.type != kind or field.is_repeated:
            raise ContractError(f"needs {kind_name} {name!r} in {message.full_name}")


def _is_message(field: FieldDescriptor | None) -> bool:
    return field is not None and field.message_type is not None and not field.is_repeated
