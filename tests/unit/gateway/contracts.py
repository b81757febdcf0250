"""Contracts that exist only in a test: protobuf source compiled into descriptors of their own."""

import sysconfig
import tempfile
from pathlib import Path

from google.api import annotations_pb2
from google.protobuf import (
    any_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import Descriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_tools import protoc  # type: ignore[import-untyped]

# What the test contracts import has to be in the process's pool too.
IMPORTED = [any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2, annotations_pb2]
PROTOS = Path(__file__).parents[3] / "protos"
HEADER = """
syntax = "proto3";
package {package};
import "google/api/annotations.proto";
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "unified/api/v1/options.proto";
import "unified/error/v1/refusals.proto";
"""


def compile_contract(source: str, package: str = "test.v1") -> FileDescriptorSet:
    """`source`, which is what follows the package's imports, and all that it imports; itself last."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"{package}.proto"
        Path(folder, name).write_text(HEADER.replace("{package}", package) + source)
        image = Path(folder, "image")
        installed = sysconfig.get_paths()["purelib"]
        includes = [f"-I{folder}", f"-I{PROTOS}", f"-I{installed}", f"-I{installed}/grpc_tools/_proto"]
        arguments = ["protoc", *includes, "--include_imports", f"--descriptor_set_out={image}", name]
        assert protoc.main(arguments) == 0
        return FileDescriptorSet.FromString(image.read_bytes())


def message(source: str, name: str = "M") -> Descriptor:
    """A message of a contract, in a pool of its own."""
    return _pool(source).FindMessageTypeByName(f"test.v1.{name}")


def usable_message(source: str, package: str) -> Descriptor:
    """The message M, in the process's pool: one that can hold the timestamps of generated code. The package is its alone."""
    return _usable(source, package).FindMessageTypeByName(f"{package}.M")


def usable_service(source: str, package: str) -> ServiceDescriptor:
    """The same for the service S."""
    return _usable(source, package).FindServiceByName(f"{package}.S")


def _usable(source: str, package: str) -> DescriptorPool:
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(compile_contract(source, package).file[-1].SerializeToString())
    return pool


def service(methods: str, messages: str = "") -> ServiceDescriptor:
    """A service S with these methods; Q (an id and a thing T) and A (a thing) are there to be used."""
    things = """
        message T { string id = 1; string title = 2; }
        message Q { string id = 1; T thing = 2; repeated string words = 3; }
        message A { T thing = 1; repeated T things = 2; }
    """
    return _pool(f"{things} {messages} service S {{ {methods} }}").FindServiceByName("test.v1.S")


def _pool(source: str) -> DescriptorPool:
    pool = DescriptorPool()
    for file in compile_contract(source).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool
