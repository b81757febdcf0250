"""The module of methods: one for each method of the contract that REST serves, by its first binding."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from unified.api.v1 import options_pb2

from dev.client.models import HEADER
from dev.client.types import docstring, element_type, is_model, snake
from gateway.bindings import WHOLE_BODY, Binding
from gateway.contract import message_of
from gateway.stream_shape import shape_of
from gateway.transcoding.changes import UPDATE_MASK
from gateway.transcoding.requests import ETAG, query_fields

IMPORTS = """
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from unified_client import models
from unified_client.streams import Event, events
from unified_client.transport import Call, Transport
from unified_client.wire import UNSET, Unset, read
"""
PAGE_TOKEN, NEXT_PAGE_TOKEN = "page_token", "next_page_token"
_SAFE = (MethodOptions.IdempotencyLevel.NO_SIDE_EFFECTS, MethodOptions.IdempotencyLevel.IDEMPOTENT)


def methods_module(bindings: list[Binding], comments: Mapping[str, str]) -> str:
    groups = [(name, list(members)) for name, members in groupby(first_bindings(bindings), key=_resource)]
    parts = [HEADER.format("What the platform can be asked for.") + IMPORTS]
    parts += [_group(name, members, comments) for name, members in groups]
    lines = ["class Services:", '    """All of it, by resource."""\n', "    def __init__(self, transport: Transport) -> None:"]
    lines += [f"        self.{snake(name)}s = {name}s(transport)" for name, _ in groups]
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def safety_module(bindings: list[Binding]) -> str:
    """Which calls may be sent again."""
    safe = sorted({binding.rpc for binding in bindings if _is_safe(binding)})
    keyed = sorted({binding.rpc for binding in bindings if binding.accepts_idempotency_key})
    parts = [HEADER.format("Which methods may be called again after a failure, by their paths on gRPC.")]
    parts.append(f"REPEATABLE = frozenset({safe})")
    parts.append(f"TAKES_KEY = frozenset({keyed})")
    return "\n".join(parts)


def _is_safe(binding: Binding) -> bool:
    return binding.method.GetOptions().idempotency_level in _SAFE


def first_bindings(bindings: list[Binding]) -> list[Binding]:
    seen: dict[str, Binding] = {}
    for binding in bindings:
        seen.setdefault(binding.name, binding)
    return list(seen.values())


def _resource(binding: Binding) -> str:
    return str(binding.method.containing_service.name.removesuffix("Service"))


def _group(name: str, bindings: list[Binding], comments: Mapping[str, str]) -> str:
    service = bindings[0].method.containing_service.full_name
    lines = [f"class {name}s:", docstring(comments.get(service, ""), "    ") + "\n"]
    lines += ["    def __init__(self, transport: Transport) -> None:", "        self._transport = transport\n"]
    return "\n".join([*lines, *(_method(binding, comments) for binding in bindings)]).rstrip()


def _method(binding: Binding, comments: Mapping[str, str]) -> str:
    call = _call(binding)
    if binding.is_stream:
        return "\n".join(_stream_lines(binding, call, docstring(comments.get(binding.name, ""), " " * 8)))
    path, query, body = _path(binding), query_fields(binding), _body(binding)
    listed = _listed(binding)
    sent = [f"path={_mapping(path)}"] if path else []
    if query or listed:
        sent.append(f"query={_mapping([field for field in query if field.name != PAGE_TOKEN])}")
    if binding.takes_file:
        sent.append("file=(content, content_type)")
    elif binding.body:
        sent.append(f"body={_mapping(body)}")
    extra = []
    if ETAG in binding.method.input_type.fields_by_name:
        extra.append("etag: str | None = None")
        sent.append("etag=etag")
    if binding.accepts_idempotency_key:
        extra.append("idempotency_key: str | None = None")
        sent.append("idempotency_key=idempotency_key")
    is_change = UPDATE_MASK in binding.method.input_type.fields_by_name
    required = [] if is_change else [field for field in [*body, *query] if _rules(field).required]
    optional = [field for field in [*body, *query] if field not in required and field.name != PAGE_TOKEN]
    parameters = [*(f"{field.name}: str" for field in path), *_file(binding), *_keywords(required, optional, extra)]
    return "\n".join(_lines(binding, call, parameters, sent, listed, docstring(comments.get(binding.name, ""), " " * 8)))


def _lines(
    binding: Binding, call: str, parameters: list[str], sent: list[str], listed: FieldDescriptor | None, comment: str
) -> Iterator[str]:
    name, signature = snake(binding.method.name), ", ".join(["self", *parameters])
    arguments = ", ".join(sent)
    if binding.is_download:
        yield f"    def {name}({signature}) -> AsyncIterator[bytes]:"
        yield comment
        yield f"        return self._transport.download({call}, {arguments})\n"
        return
    if listed is not None:
        model = f"models.{element_type(listed)}"
        yield f"    def {name}({signature}) -> AsyncIterator[{model}]:"
        yield comment
        yield f'        return self._transport.pages({model}, "{listed.json_name}", {call}, {arguments})\n'
        return
    if binding.success_status == 204:
        yield f"    async def {name}({signature}) -> None:"
        yield comment
        yield f"        await self._transport.call({call}, {arguments})\n"
        return
    model = f"models.{binding.resource.name}"
    yield f"    async def {name}({signature}) -> {model}:"
    yield comment
    yield f"        return read({model}, await self._transport.call({call}, {arguments}))\n"


def _stream_lines(binding: Binding, call: str, comment: str) -> Iterator[str]:
    model = f"models.{shape_of(binding).event.name}"
    yield f'    def {snake(binding.method.name)}(self, *, last_event_id: str = "") -> AsyncIterator[Event[{model}]]:'
    yield comment
    yield f"        return events({model}, self._transport, {call}, last_event_id)\n"


def _call(binding: Binding) -> str:
    options = [f'"{binding.verb}"', f'"{binding.template.text}"']
    if _is_safe(binding):
        options.append("repeats=True")
    if binding.accepts_idempotency_key:
        options.append("takes_key=True")
    return f"Call({', '.join(options)})"


def _path(binding: Binding) -> list[FieldDescriptor]:
    return [binding.method.input_type.fields_by_name[name] for name in binding.template.variables]


def _body(binding: Binding) -> list[FieldDescriptor]:
    request = binding.method.input_type
    if not binding.body or binding.takes_file:
        return []
    fields = request.fields if binding.body == WHOLE_BODY else message_of(request.fields_by_name[binding.body]).fields
    taken = {*binding.template.variables, ETAG} if binding.body == WHOLE_BODY else set()
    return [field for field in fields if field.name not in taken and not _rules(field).output_only]


def _file(binding: Binding) -> list[str]:
    """The parameters of a body that is a file."""
    return ["content: bytes", f'content_type: str = "{binding.rest.body_types[0]}"'] if binding.takes_file else []


def _listed(binding: Binding) -> FieldDescriptor | None:
    """What a list holds."""
    if NEXT_PAGE_TOKEN not in binding.resource.fields_by_name or binding.is_download:
        return None
    return next(field for field in binding.resource.fields if field.is_repeated)


def _keywords(required: list[FieldDescriptor], optional: list[FieldDescriptor], extra: list[str]) -> list[str]:
    names = [f"{field.name}: {_input_type(field)}" for field in required]
    names += [f"{field.name}: {_input_type(field)} | Unset | None = UNSET" for field in optional]
    return ["*", *names, *extra] if names or extra else []


def _input_type(field: FieldDescriptor) -> str:
    kind = f"models.{element_type(field)}" if is_model(field.message_type) or field.enum_type else element_type(field)
    if field.message_type is not None and is_model(field.message_type):
        kind += " | Mapping[str, Any]"
    return f"Sequence[{kind}]" if field.is_repeated else kind


def _rules(field: FieldDescriptor) -> options_pb2.FieldRules:
    return field.GetOptions().Extensions[options_pb2.rules]


def _mapping(fields: list[FieldDescriptor]) -> str:
    return "{" + ", ".join(f'"{field.name}": {field.name}' for field in fields) + "}"
