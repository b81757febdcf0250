"""What a request message is over REST: by the rules of the contract and not by the gateway's code."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict

from gateway.bindings import WHOLE_BODY, Binding
from gateway.contract import fields_on
from gateway.transcoding.changes import UPDATE_MASK, changed_resource
from gateway.transcoding.requests import ETAG
from tests.e2e.matrix.places import LAST_EVENT_ID
from tests.e2e.matrix.valid import is_plain

JSON = "application/json"


@dataclass(frozen=True)
class RestRequest:
    """`path` is encoded. `json` is what `content` holds where that is JSON."""

    verb: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    json: Any = None

    @property
    def target(self) -> str:
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def rest_form(binding: Binding, message: Any) -> RestRequest:
    """The request of this binding that says the same."""
    headers, query = {}, list[tuple[str, str]]()
    for each, value in message.ListFields():
        if each.name in (*binding.template.variables, binding.body, UPDATE_MASK) or binding.body == WHOLE_BODY:
            continue
        if each.name == ETAG:
            headers["If-Match"] = f'"{value}"'
        elif binding.is_stream and each.name == binding.rest.stream.after:
            headers[LAST_EVENT_ID] = value
        else:
            query += [(each.json_name, _text(item)) for item in _listed(_json_value(each, value))]
    if not binding.body:
        return RestRequest(binding.verb, path_of(binding, message), query, headers)
    headers["Content-Type"] = binding.rest.body_types[0] if binding.takes_file else JSON
    body = None if binding.takes_file else _body(binding, message)
    content = getattr(message, binding.body) if binding.takes_file else orjson.dumps(body)
    return RestRequest(binding.verb, path_of(binding, message), query, headers, content, body)


def path_of(binding: Binding, message: Any) -> str:
    path = binding.template.text
    for variable in binding.template.variables:
        path = path.replace(f"{{{variable}}}", quote(getattr(message, variable), safe=""))
    return path


def _body(binding: Binding, message: Any) -> Any:
    if binding.body == WHOLE_BODY:
        body = as_json(message)
        return {name: value for name, value in body.items() if name not in _path_names(binding)}
    if getattr(changed_resource(message.DESCRIPTOR), "name", None) == binding.body:
        return _changes(message, binding.body)
    return as_json(getattr(message, binding.body))


def _path_names(binding: Binding) -> list[str]:
    return [fields_on(binding.method.input_type, variable)[0].json_name for variable in binding.template.variables]


def as_json(message: Any) -> dict[str, Any]:
    """What is set. Of a change, the fields that its mask names stand beside its own."""
    resource = changed_resource(type(message).DESCRIPTOR)
    own = {each.json_name: _json_value(each, value) for each, value in message.ListFields() if each.name != UPDATE_MASK}
    if resource is None:
        return own
    own.pop(resource.json_name, None)
    return own | _changes(message, resource.name)


def _changes(message: Any, name: str) -> dict[str, Any]:
    """The fields that the mask names; null where they are not set."""
    resource = getattr(message, name)
    values = as_json(resource)
    names = [resource.DESCRIPTOR.fields_by_name[path].json_name for path in message.update_mask.paths]
    return {name: values.get(name) for name in names}


def _json_value(each: FieldDescriptor, value: Any) -> Any:
    if each.is_repeated:
        return [_json_element(each, item) for item in value]
    return _json_element(each, value)


def _json_element(each: FieldDescriptor, value: Any) -> Any:
    if not is_plain(each):
        return as_json(value)
    if each.message_type is not None:
        return MessageToDict(value)
    if each.enum_type is not None:
        known = each.enum_type.values_by_number.get(value)
        return known.name if known else value
    return b64encode(value).decode() if isinstance(value, bytes) else value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
