"""Every way to break a rule that the contract states for a field, one at a time and just so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from unified.api.v1 import options_pb2

from gateway.transcoding.changes import changed_resource
from gateway.transcoding.supported import DURATION, TIMESTAMP
from tests.e2e.matrix.valid import rules_of
from tests.e2e.matrix.walking import Steps, at, copied, fields_in, messages_in, path_of_field, with_value

MISSING = "is missing"
# The edges spell the values of an enum each in its own way, so they name the known ones differently.
UNKNOWN_VALUE = "is no value that is known"
# One of them breaks any pattern that there is.
_ODD = ("!", " ", "\0")


@dataclass(frozen=True)
class TooMany:
    """So many of the elements that are there."""

    count: int


@dataclass(frozen=True)
class Broken:
    """A request with one thing wrong: how, and in which field, as services name it."""

    how: str
    field: str
    message: Message

    @property
    def name(self) -> str:
        return f"{self.field or 'the request'} {self.how}"


def broken(valid: Any) -> Iterator[Broken]:
    """What is wrong is in one place of the request each time; the rest is as it was."""
    for steps, field in fields_in(valid):
        for how, value, suffix in _breaches(field):
            yield Broken(how, path_of_field((*steps, field.name)) + suffix, _changed(valid, steps, field, value))
    for steps, held in messages_in(valid):
        for oneof in held.DESCRIPTOR.oneofs:
            if oneof.GetOptions().Extensions[options_pb2.one_required]:
                message = copied(valid)
                at(message, steps).ClearField(oneof.name)
                yield Broken("has none of its members", path_of_field(steps), message)


def another(valid: Any) -> Any:
    """The same request with the first of its texts the other way round."""
    for steps, field in fields_in(valid):
        text = getattr(at(valid, steps), field.name)
        if text and isinstance(text, str):
            return with_value(valid, steps, field, text[::-1])
    raise AssertionError(f"no text in {valid}")


def _breaches(field: FieldDescriptor) -> Iterator[tuple[str, Any, str]]:
    """How, the value, and the index of what is wrong in it."""
    rules = rules_of(field)
    if rules.output_only:
        yield "is not the client's to set", _anything(field), ""
        return
    if rules.required:
        yield MISSING, None, ""
    if rules.max_items:
        yield "has too many elements", TooMany(rules.max_items + 1), ""
    for how, value in _wrong_values(field):
        yield how, [value] if field.is_repeated else value, "[0]" if field.is_repeated else ""


def _wrong_values(field: FieldDescriptor) -> Iterator[tuple[str, Any]]:
    rules = rules_of(field)
    if rules.min_length > 1 or (rules.min_length and field.is_repeated):
        yield "is too short", "x" * (rules.min_length - 1)
    if rules.max_length:
        yield "is too long", "é" * (rules.max_length + 1)
    if rules.max_bytes:
        is_bytes = field.type == FieldDescriptor.TYPE_BYTES
        yield "has too many bytes", b"x" * (rules.max_bytes + 1) if is_bytes else "é" * (rules.max_bytes // 2 + 1)
    if rules.pattern:
        odd = (character * max(rules.min_length, 1) for character in _ODD)
        yield "does not match", next(text for text in odd if not re.fullmatch(rules.pattern, text))
    if field.enum_type is not None:
        yield UNKNOWN_VALUE, max(field.enum_type.values_by_number) + 1
    if rules.min or rules.max:
        for how, number in (("is too small", rules.min - 1), ("is too great", rules.max + 1)):
            yield how, Duration(seconds=number) if field.message_type is not None else number


def _anything(field: FieldDescriptor) -> Any:
    held = field.message_type.full_name if field.message_type is not None else None
    if held is not None:
        value: Any = {TIMESTAMP: Timestamp(seconds=1), DURATION: Duration(seconds=1)}[held]
    else:
        value = "x" if field.type == FieldDescriptor.TYPE_STRING else 1
    return [value] if field.is_repeated else value


def _changed(valid: Any, steps: Steps, field: FieldDescriptor, value: Any) -> Any:
    if isinstance(value, TooMany):
        elements = list(getattr(at(valid, steps), field.name))
        value = (elements * value.count)[: value.count]
    message = with_value(valid, steps, field, value)
    if steps and isinstance(steps[-1], str):
        _name_in_mask(at(message, steps[:-1]), field.name)
    return message


def _name_in_mask(message: Any, name: str) -> None:
    """If the message is a change, it has to say that it changes the field."""
    if changed_resource(message.DESCRIPTOR) is not None and name not in message.update_mask.paths:
        message.update_mask.paths.append(name)
