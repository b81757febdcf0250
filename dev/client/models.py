"""The module of models: what the platform answers, and the codes of its refusals."""

from collections.abc import Iterator, Mapping

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from unified.error.v1 import reason_pb2

from dev.client.types import attribute, docstring, reachable
from gateway.bindings import Binding
from gateway.stream_shape import shape_of
from gateway.transcoding.enums import choices

HEADER = '''"""{}

Written from the contract by `make proto`; changes by hand do not last.
"""
'''
IMPORTS = """
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
"""


def models_module(bindings: list[Binding], comments: Mapping[str, str]) -> str:
    messages, enums = reachable(_used(bindings), [field.enum_type for field in _inputs(bindings) if field.enum_type is not None])
    codes = [value.name.removeprefix("REASON_").lower() for value in reason_pb2.Reason.DESCRIPTOR.values if value.number]
    parts = [
        HEADER.format("What the platform answers.") + IMPORTS,
        _literal("ErrorCode", codes, "Why a request was refused: the `code` of an ApiError."),
        *(_enum(enum, comments) for enum in enums),
        *(_model(message, comments) for message in messages),
    ]
    return "\n".join(parts)


def _used(bindings: list[Binding]) -> Iterator[Descriptor]:
    """What is answered, and what stands inside of what is sent."""
    for binding in bindings:
        if not binding.is_download:
            yield shape_of(binding).event if binding.is_stream else binding.resource
    yield from (field.message_type for field in _inputs(bindings) if field.message_type is not None)


def _inputs(bindings: list[Binding]) -> Iterator[FieldDescriptor]:
    for binding in bindings:
        yield from binding.method.input_type.fields


def _enum(enum: EnumDescriptor, comments: Mapping[str, str]) -> str:
    return _literal(enum.name, choices(enum), comments.get(enum.full_name, ""))


def _literal(name: str, values: list[str], comment: str) -> str:
    listed = ", ".join(f'"{value}"' for value in values)
    return f"{name} = Literal[{listed}]\n{docstring(comment, '')}\n"


def _model(message: Descriptor, comments: Mapping[str, str]) -> str:
    lines = ["", "@dataclass(frozen=True, slots=True, kw_only=True)", f"class {message.name}:"]
    lines.append(docstring(comments.get(message.full_name, ""), "    ") + "\n")
    for field in message.fields:
        lines += [f"    {attribute(field)}", docstring(comments.get(field.full_name, ""), "    ")]
    return "\n".join([*lines, ""])
