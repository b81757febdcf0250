"""The contracts as the process knows them: the services of the generated code, and the comments of the descriptor set."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor
from unified.api.v1 import options_pb2

PACKAGE = "unified/"
# generated/unified/api/v1/options_pb2.py -> generated/unified.binpb
IMAGE = Path(options_pb2.__file__).parents[3] / "unified.binpb"

# Field numbers of descriptor.proto, of which the paths of source locations are made.
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_MESSAGE_FIELDS, _NESTED_MESSAGES, _NESTED_ENUMS = 2, 3, 4
_ENUM_VALUES = 2
_METHODS = 2


class ContractError(Exception):
    """A contract asks for something that the edge does not do. Raised at start-up; the message names the place."""


@dataclass(frozen=True, slots=True)
class Contract:
    """All services, and what is written above each message, field, enum, value, service and method, by full name."""

    services: list[ServiceDescriptor]
    comments: Mapping[str, str]


def load_contract(image: Path = IMAGE) -> Contract:
    """Import the generated code of every contract in the descriptor set."""
    files = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes()).file
    ours = [file for file in files if file.name.startswith(PACKAGE)]
    for file in ours:
        importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    pool = descriptor_pool.Default()
    names = [f"{file.package}.{service.name}" for file in ours for service in file.service]
    comments = {name: text for file in ours for name, text in _comments(file)}
    return Contract([pool.FindServiceByName(name) for name in sorted(names)], comments)


def message_of(field: FieldDescriptor) -> Descriptor:
    """The type of a message field."""
    if field.message_type is None:
        raise ContractError(f"{field.full_name} is no message")
    return field.message_type


def fields_on(message: Descriptor, path: str) -> list[FieldDescriptor]:
    """The fields that a path of proto names, as in "thing.name", leads through; none when it leads nowhere, or into a list."""
    fields: list[FieldDescriptor] = []
    within: Descriptor | None = message
    for name in path.split("."):
        if within is None or name not in within.fields_by_name or (fields and fields[-1].is_repeated):
            return []
        fields.append(within.fields_by_name[name])
        within = fields[-1].message_type
    return fields


def _comments(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, str]]:
    names = dict(_places(file))
    for location in file.source_code_info.location:
        name = names.get(tuple(location.path))
        if name and location.leading_comments:
            yield name, " ".join(location.leading_comments.split())


def _places(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    """Where in the file each named thing stands."""
    for i, message in enumerate(file.message_type):
        yield from _message_places(message, (_MESSAGES, i), file.package)
    for i, enum in enumerate(file.enum_type):
        yield from _enum_places(enum, (_ENUMS, i), file.package)
    for i, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (_SERVICES, i), name
        yield from (((_SERVICES, i, _METHODS, j), f"{name}.{method.name}") for j, method in enumerate(service.method))


def _message_places(
    message: descriptor_pb2.DescriptorProto, path: tuple[int, ...], scope: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    name = f"{scope}.{message.name}"
    yield path, name
    yield from (((*path, _MESSAGE_FIELDS, i), f"{name}.{field.name}") for i, field in enumerate(message.field))
    for i, nested in enumerate(message.nested_type):
        yield from _message_places(nested, (*path, _NESTED_MESSAGES, i), name)
    for i, enum in enumerate(message.enum_type):
        yield from _enum_places(enum, (*path, _NESTED_ENUMS, i), name)


def _enum_places(
    enum: descriptor_pb2.EnumDescriptorProto, path: tuple[int, ...], scope: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    name = f"{scope}.{enum.name}"
    yield path, name
    yield from (((*path, _ENUM_VALUES, i), f"{name}.{value.name}") for i, value in enumerate(enum.value))
