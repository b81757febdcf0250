"""Contract types as Python types in source text."""

import re
import textwrap
from collections.abc import Iterator, Mapping

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.transcoding.supported import DURATION, FIELD_MASK, TIMESTAMP

_SCALARS: Mapping[int, tuple[str, str]] = {
    FieldDescriptor.TYPE_STRING: ("str", '""'),
    FieldDescriptor.TYPE_BOOL: ("bool", "False"),
    FieldDescriptor.TYPE_BYTES: ("bytes", 'b""'),
    FieldDescriptor.TYPE_DOUBLE: ("float", "0.0"),
    FieldDescriptor.TYPE_FLOAT: ("float", "0.0"),
}
_WELL_KNOWN = {TIMESTAMP: "datetime", DURATION: "timedelta", FIELD_MASK: "str"}


def element_type(field: FieldDescriptor) -> str:
    """Of a value of the field, or of an element of it."""
    if field.message_type is not None:
        return _WELL_KNOWN.get(field.message_type.full_name, field.message_type.name)
    if field.enum_type is not None:
        return str(field.enum_type.name)
    return _SCALARS.get(field.type, ("int", "0"))[0]


def attribute(field: FieldDescriptor) -> str:
    """The field of a model: what is always answered has a default, for platforms that are older than the client."""
    kind = element_type(field)
    if field.is_repeated:
        return f"{field.name}: tuple[{kind}, ...] = ()"
    if field.has_presence:
        return f"{field.name}: {kind} | None = None"
    if field.enum_type is not None:
        return f"{field.name}: {kind} | None = None"
    return f"{field.name}: {kind} = {_SCALARS.get(field.type, ('int', '0'))[1]}"


def is_model(message: Descriptor | None) -> bool:
    return message is not None and message.full_name not in _WELL_KNOWN


def reachable(messages: Iterator[Descriptor], also: list[EnumDescriptor]) -> tuple[list[Descriptor], list[EnumDescriptor]]:
    """The messages and all that they hold, and their enums and these, each once, by name."""
    found: dict[str, Descriptor] = {}
    enums = {enum.name: enum for enum in also}
    waiting = list(messages)
    while waiting:
        message = waiting.pop()
        if message.name in found or not is_model(message):
            continue
        found[message.name] = message
        enums |= {field.enum_type.name: field.enum_type for field in message.fields if field.enum_type is not None}
        waiting += [field.message_type for field in message.fields if field.message_type is not None]
    return [found[name] for name in sorted(found)], [enums[name] for name in sorted(enums)]


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def docstring(text: str, indent: str) -> str:
    """The comment as a docstring, folded at the house's line length."""
    lines = textwrap.wrap(text or "Nothing is said of it.", 130 - len(indent) - 6, break_on_hyphens=False, break_long_words=False)
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""'
    return "\n".join([f'{indent}"""{lines[0]}', *(f"{indent}{line}" for line in lines[1:]), f'{indent}"""'])
