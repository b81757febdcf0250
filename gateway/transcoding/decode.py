"""JSON objects to messages, strictly. Each message type becomes a closure at start-up."""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from unified.api.v1 import options_pb2

from gateway.contract import message_of
from gateway.transcoding.changes import UPDATE_MASK, changed_resource
from gateway.transcoding.input_errors import InputErrors, child
from gateway.transcoding.supported import WELL_KNOWN, check_supported
from gateway.transcoding.values import WrongValueError, json_reader

# Reads a JSON value that stands at a pointer; reports what is wrong and then answers None.
Decoder = Callable[[Any, str, InputErrors], Any]


def compile_decoder(message: Descriptor) -> Decoder:
    """From a JSON object to a message of this type."""
    fields, message_class = compile_fields(message), GetMessageClass(message)

    def decode(value: Any, pointer: str, errors: InputErrors) -> Any:
        read = fields(value, pointer, errors)
        return None if errors else message_class(**read)

    return decode


def compile_change(message: Descriptor, resource: FieldDescriptor) -> Decoder:
    """From a JSON object that has the resource's fields beside the message's own; those that are there become the update mask."""
    read_own, read_changed = compile_fields(message), compile_fields(message_of(resource))
    message_class, resource_class = GetMessageClass(message), GetMessageClass(message_of(resource))
    fields = [field for field in message.fields if field.name not in (UPDATE_MASK, resource.name)]
    own = {name for field in fields for name in (field.json_name, field.name)}

    def decode(value: Any, pointer: str, errors: InputErrors) -> Any:
        if not isinstance(value, dict):
            errors.at_pointer(pointer, "must be an object")
            return None
        read = read_own({key: item for key, item in value.items() if key in own}, pointer, errors)
        changed = read_changed({key: item for key, item in value.items() if key not in own}, pointer, errors)
        if errors:
            return None
        return message_class(**read, **{resource.name: resource_class(**changed), UPDATE_MASK: {"paths": list(changed)}})

    return decode


def compile_fields(message: Descriptor) -> Callable[[Any, str, InputErrors], dict[str, Any]]:
    """From a JSON object to the fields of a message of this type, by proto name. What is null is None: unset."""
    check_supported(message)
    by_name = _decoders(message)
    oneofs = [oneof.fields for oneof in message.oneofs if len(oneof.fields) > 1]

    def decode(value: Any, pointer: str, errors: InputErrors) -> dict[str, Any]:
        if not isinstance(value, dict):
            errors.at_pointer(pointer, "must be an object")
            return {}
        fields: dict[str, Any] = {}
        for key, item in value.items():
            if key not in by_name:
                errors.at_pointer(child(pointer, key), "is not a field of the request")
                continue
            name, step, decode_field = by_name[key]
            if name in fields:
                errors.at_pointer(pointer + step, "is there twice")
            fields[name] = None if item is None else decode_field(item, pointer + step, errors)
        for members in oneofs:
            if sum(fields.get(member.name) is not None for member in members) > 1:
                names = ", ".join(member.json_name for member in members)
                errors.at_pointer(pointer, f"must have at most one of {names}")
        return fields

    return decode


def _decoders(message: Descriptor) -> Mapping[str, tuple[str, str, Decoder]]:
    """By both spellings of a field's name: its name, its step in a JSON pointer, its decoder."""
    entries = [(field, (field.name, f"/{field.json_name}", _field_decoder(field))) for field in message.fields]
    return {name: entry for field, entry in entries for name in (field.json_name, field.name)}


def _field_decoder(field: FieldDescriptor) -> Decoder:
    if field.GetOptions().Extensions[options_pb2.rules].output_only:
        return _refuse
    decode = _value_decoder(field)
    return _list_decoder(decode, field.GetOptions().Extensions[options_pb2.rules].max_items) if field.is_repeated else decode


def _value_decoder(field: FieldDescriptor) -> Decoder:
    if field.message_type is not None and field.message_type.full_name not in WELL_KNOWN:
        resource = changed_resource(field.message_type)
        return compile_change(field.message_type, resource) if resource else compile_decoder(field.message_type)
    read = json_reader(field)

    def decode(value: Any, pointer: str, errors: InputErrors) -> Any:
        try:
            return read(value)
        except WrongValueError as wrong:
            errors.at_pointer(pointer, str(wrong))
            return None

    return decode


def _list_decoder(decode_item: Decoder, max_items: int) -> Decoder:
    """The greatest number is the service's to check as well, but here it saves reading what is too much."""

    def decode(value: Any, pointer: str, errors: InputErrors) -> Any:
        if not isinstance(value, list):
            errors.at_pointer(pointer, "must be an array")
            return None
        if max_items and len(value) > max_items:
            errors.at_pointer(pointer, f"must have at most {max_items} elements")
            return None
        return [decode_item(item, f"{pointer}/{i}", errors) for i, item in enumerate(value)]

    return decode


def _refuse(_value: Any, pointer: str, errors: InputErrors) -> None:
    errors.at_pointer(pointer, "is set by the service")
