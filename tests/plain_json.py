"""What REST should answer for a message, by protobuf's own json_format and not by the gateway's code."""

from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.transcoding.enums import short_names
from gateway.transcoding.supported import WELL_KNOWN


def by_json_format(message: Any) -> Any:
    return json_format.MessageToDict(message, always_print_fields_with_no_presence=True)


def plain_json(message: Any) -> Any:
    """The message as REST shows it."""
    return shorten_enums(by_json_format(message), message.DESCRIPTOR)


def shorten_enums(value: Any, descriptor: Descriptor) -> Any:
    """json_format's output with enum values as REST shows them."""
    if descriptor.full_name in WELL_KNOWN:
        return value
    by_json_name = {field.json_name: field for field in descriptor.fields}
    return {key: _each(item, by_json_name[key]) for key, item in value.items()}


def _each(value: Any, field: FieldDescriptor) -> Any:
    if isinstance(value, list):
        return [_each(item, field) for item in value]
    if field.enum_type is not None:
        return short_names(field.enum_type)[field.enum_type.values_by_name[value].number]
    return shorten_enums(value, field.message_type) if field.message_type is not None else value
