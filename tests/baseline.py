"""The contract of the last release (protos/baseline.binpb), as those know it who are not upgraded yet."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from dev.proto import BASELINE

Message = Any
"""Of classes that types know nothing of."""


@cache
def old_files() -> tuple[FileDescriptor, ...]:
    """Those of ours, in a pool of their own: old and new classes have the same names."""
    pool, image = DescriptorPool(), FileDescriptorSet.FromString(BASELINE.read_bytes())
    for file in image.file:
        pool.AddSerializedFile(file.SerializeToString())
    return tuple(pool.FindFileByName(file.name) for file in image.file if file.package.startswith("unified."))


def old_methods() -> list[MethodDescriptor]:
    return [method for file in old_files() for service in file.services_by_name.values() for method in service.methods]


def old_types() -> list[Descriptor]:
    return [message for file in old_files() for message in file.message_types_by_name.values()]


def old(name: str, **values: Any) -> Message:
    """A message of the last release, by its name without the package."""
    return GetMessageClass(next(each for each in old_types() if each.name == name))(**values)


def filled(descriptor: Descriptor, depth: int = 4) -> Message:
    """A message with a value in every field; of a oneof in the last one."""
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        for value in _values(field, depth):
            if field.message_type:
                (getattr(message, field.name).add() if field.is_repeated else getattr(message, field.name)).MergeFrom(value)
            elif field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
    return message


def _values(field: FieldDescriptor, depth: int) -> Iterator[Any]:
    """None where a message contains itself too deeply."""
    if field.message_type:
        if depth:
            yield filled(field.message_type, depth - 1)
    elif field.enum_type:
        yield field.enum_type.values[-1].number
    elif field.type in (field.TYPE_STRING, field.TYPE_BYTES):
        yield f"of {field.name}" if field.type == field.TYPE_STRING else field.name.encode()
    else:
        yield field.type == field.TYPE_BOOL or field.number
