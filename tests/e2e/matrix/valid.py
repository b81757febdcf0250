"""Requests that succeed, and say something in every field that a client may set: made of the contract's examples."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import Parse
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from unified.api.v1 import options_pb2

from gateway.contract import message_of
from gateway.transcoding.changes import UPDATE_MASK, changed_resource
from gateway.transcoding.requests import ETAG, PAGE_TOKEN
from gateway.transcoding.supported import DURATION, TIMESTAMP
from tests.e2e.matrix.things import DUE, NoMakerError, Things, example_of

# They depend on what was answered before.
_LEFT_OUT = (UPDATE_MASK, ETAG, PAGE_TOKEN)


async def valid(message: Descriptor, things: Things) -> Message:
    """A message of this type. A list of messages has one element for each member of their oneof."""
    made = GetMessageClass(message)()
    for field in _settable(message):
        # Of a oneof the first; whoever wants another sets it afterwards.
        if field.containing_oneof is None or made.WhichOneof(field.containing_oneof.name) is None:
            await _fill(made, field, things)
    _name_all(made)
    return made


def _settable(message: Descriptor) -> Iterator[FieldDescriptor]:
    for field in message.fields:
        if field.name not in _LEFT_OUT and not rules_of(field).output_only:
            yield field


def rules_of(field: FieldDescriptor) -> Any:
    return field.GetOptions().Extensions[options_pb2.rules]


def is_plain(field: FieldDescriptor) -> bool:
    """Whether it holds no message that has fields of our own contracts."""
    return field.message_type is None or field.message_type.full_name.startswith("google.protobuf.")


def _name_all(message: Any) -> None:
    """Let the mask of a change name every field that is set."""
    resource = changed_resource(message.DESCRIPTOR)
    if resource is not None:
        paths = [field.name for field, _ in getattr(message, resource.name).ListFields()]
        getattr(message, UPDATE_MASK).paths[:] = paths


async def _fill(made: Message, field: FieldDescriptor, things: Things) -> None:
    if is_plain(field):
        set_value(made, field, await _value(field, things))
    elif field.is_repeated:
        getattr(made, field.name).extend([each async for each in _elements(message_of(field), things)])
    else:
        getattr(made, field.name).CopyFrom(await valid(message_of(field), things))


async def _elements(message: Descriptor, things: Things) -> Any:
    """One for each member of the message's oneof."""
    first = await valid(message, things)
    yield first
    for field in [field for oneof in message.oneofs if len(oneof.fields) > 1 for field in oneof.fields[1:]]:
        element = GetMessageClass(message)()
        element.CopyFrom(first)
        await _fill(element, field, things)
        yield element


def set_value(message: Message, field: FieldDescriptor, value: Any) -> None:
    """Put a value into a field, in place of what is there; None clears it."""
    message.ClearField(field.name)
    if value is None:
        return
    if field.is_repeated:
        getattr(message, field.name).extend(value)
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


async def _value(field: FieldDescriptor, things: Things) -> Any:
    """A value of a plain field; nothing where it may stay unset and nothing tells what it could be."""
    value = await things.get(field)
    if value is None:
        value = _example_value(field)
        value = [value] if field.is_repeated and value is not None else value
    if value is None and rules_of(field).required:
        raise NoMakerError(f"{field.full_name} is required, and has neither an example nor a maker")
    return value


def _example_value(field: FieldDescriptor) -> Any:
    example = example_of(field)
    if field.enum_type is not None:
        return field.enum_type.values[1].number
    if field.message_type is not None:
        if field.message_type.full_name == TIMESTAMP:
            return Parse(f'"{example or DUE}"', Timestamp())
        return Parse(f'"{example}"', Duration()) if field.message_type.full_name == DURATION and example else None
    if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        return example or None
    return int(example) if example else None
