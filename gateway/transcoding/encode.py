"""Messages to JSON. Each message type becomes one straight function, written and compiled at start-up."""

from base64 import b64encode
from collections.abc import Callable
from keyword import iskeyword
from typing import Any

import orjson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.contract import message_of
from gateway.transcoding.enums import short_names
from gateway.transcoding.supported import (
    DURATION,
    FIELD_MASK,
    INT64_TYPES,
    TIMESTAMP,
    UINT64_TYPES,
    check_supported,
)
from gateway.transcoding.well_known import format_duration, format_mask, format_time

ToJson = Callable[[Message], bytes]
_Encode = Callable[[Any], dict[str, Any]]
_NAMES = {
    "b64encode": b64encode,
    "format_time": format_time,
    "format_duration": format_duration,
    "format_mask": format_mask,
}


def compile_encoder(message: Descriptor) -> ToJson:
    """A function from messages of this type to JSON. Plain fields are always there, others only when set."""
    check_supported(message)
    encode = _compile(message, {})
    return lambda value: orjson.dumps(encode(value))


def _compile(message: Descriptor, made: dict[str, _Encode]) -> _Encode:
    """The function for `message`. The functions for the types that it holds are made first, and each only once."""
    if message.full_name not in made:
        names: dict[str, Any] = dict(_NAMES)
        body = [_statement(field, names, made) for field in message.fields]
        source = "\n    ".join(["def encode(m):", "out = {}", *body, "return out"])
        exec(compile(source, f"<encoder of {message.full_name}>", "exec"), names)  # noqa: S102  (made of contract names)
        made[message.full_name] = names["encode"]
    return made[message.full_name]


def _statement(field: FieldDescriptor, names: dict[str, Any], made: dict[str, _Encode]) -> str:
    """Source that puts the field into `out`."""
    access = f"getattr(m, {field.name!r})" if iskeyword(field.name) else f"m.{field.name}"
    if field.is_repeated:
        value = _expression(field, "item", names, made)
        value = f"{access}[:]" if value == "item" else f"[{value} for item in {access}]"
    else:
        value = _expression(field, access, names, made)
    put = f"out[{field.json_name!r}] = {value}"
    return f"if m.HasField({field.name!r}): {put}" if field.has_presence else put


def _expression(field: FieldDescriptor, access: str, names: dict[str, Any], made: dict[str, _Encode]) -> str:
    """Source of the JSON value of `access`. What it needs is added to `names`."""
    if field.message_type is not None:
        return _message_expression(field, access, names, made)
    if field.enum_type is not None:
        names[f"names_of_{field.name}"] = short_names(field.enum_type)
        return f"names_of_{field.name}[{access}]"
    if field.type in INT64_TYPES | UINT64_TYPES:
        return f"str({access})"
    if field.type == FieldDescriptor.TYPE_BYTES:
        return f"b64encode({access}).decode()"
    return access


def _message_expression(field: FieldDescriptor, access: str, names: dict[str, Any], made: dict[str, _Encode]) -> str:
    held = message_of(field)
    if held.full_name == TIMESTAMP:
        return f"format_time((time := {access}).seconds, time.nanos)"
    if held.full_name in (DURATION, FIELD_MASK):
        return f"{'format_duration' if held.full_name == DURATION else 'format_mask'}({access})"
    names[f"encode_{field.name}"] = _compile(held, made)
    return f"encode_{field.name}({access})"
