"""Examples of messages as JSON has them, made of the `example` in their fields' rules; the same every time."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from unified.api.v1 import options_pb2

from gateway.contract import ContractError, message_of
from gateway.openapi.schemas import Use, stated_example
from gateway.transcoding.changes import UPDATE_MASK, changed_resource
from gateway.transcoding.enums import choices
from gateway.transcoding.supported import WELL_KNOWN


def example_of(field: FieldDescriptor, use: Use) -> Any:
    """An example of the field's value, or None where its rules and its type make none."""
    value = stated_example(field)
    if value is None:
        value = _made(field, use)
    return [value] if field.is_repeated and value is not None else value


def message_example(message: Descriptor, use: Use) -> dict[str, Any]:
    """An example of the message for this use. Raises ContractError where a field that must be sent has none."""
    return {field.json_name: value for field in _shown(message, use) if (value := _filled(field, use)) is not None}


def _made(field: FieldDescriptor, use: Use) -> Any:
    if field.enum_type is not None:
        return choices(field.enum_type)[0]
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    if field.message_type is not None and field.message_type.full_name not in WELL_KNOWN:
        return message_example(field.message_type, use)
    return None


def _filled(field: FieldDescriptor, use: Use) -> Any:
    value = example_of(field, use)
    if value is not None:
        return value
    if use is Use.ANSWER:
        # Plain fields are always there.
        return [] if field.is_repeated else None if field.has_presence else field.default_value
    if field.GetOptions().Extensions[options_pb2.rules].required:
        raise ContractError(f"{field.full_name} must be sent, and has no example")
    return None


def _shown(message: Descriptor, use: Use) -> Iterator[FieldDescriptor]:
    """The fields of an example: of a oneof the first, of a change in a body those of its resource."""
    resource = None if use is Use.ANSWER else changed_resource(message)
    for field in message.fields:
        oneof = field.containing_oneof
        if oneof is not None and oneof.fields[0] != field:
            continue
        if field == resource:
            yield from _shown(message_of(field), use)
        elif use is Use.ANSWER or not (field.name == UPDATE_MASK or field.GetOptions().Extensions[options_pb2.rules].output_only):
            yield field
