"""Readers of single values: from JSON, and from the text of a path or query. Both refuse what is not exactly right."""

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from gateway.transcoding.enums import choices, numbers
from gateway.transcoding.supported import (
    DURATION,
    FIELD_MASK,
    INT32_TYPES,
    INT64_TYPES,
    TIMESTAMP,
    UINT32_TYPES,
    UINT64_TYPES,
)
from gateway.transcoding.well_known import parse_duration, parse_mask, parse_time

_INTEGER = re.compile(r"-?[0-9]{1,20}")
# Beyond it a float may stand for another number than was sent. JSON integers of more than 64 bits come as floats too.
LARGEST_EXACT_FLOAT = 2**53
_BOOLS = {"true": True, "false": False}

Reader = Callable[[Any], Any]


class WrongValueError(ValueError):
    """A value is not what its field takes. The message completes "the field ..."."""


def json_reader(field: FieldDescriptor) -> Reader:
    """From a JSON value to what the field (or an element of it) holds. Not for messages that are no well-known type."""
    if field.message_type is not None:
        return _WELL_KNOWN[field.message_type.full_name]
    if field.enum_type is not None:
        return _enum_reader(field.enum_type)
    if field.type in _INTEGER_RANGES:
        return _integer_reader(*_INTEGER_RANGES[field.type], text=field.type in INT64_TYPES | UINT64_TYPES)
    return {FieldDescriptor.TYPE_BOOL: _boolean, FieldDescriptor.TYPE_BYTES: _bytes}.get(field.type, _string)


def text_reader(field: FieldDescriptor) -> Reader:
    """The same from text, where a number or a boolean has no quotes of its own."""
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _boolean_text
    if field.type in _INTEGER_RANGES:
        return _integer_reader(*_INTEGER_RANGES[field.type], text=True)
    return json_reader(field)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError("must be a string")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("must be true or false")
    return value


def _boolean_text(value: str) -> bool:
    if value not in _BOOLS:
        raise WrongValueError("must be true or false")
    return _BOOLS[value]


def _integer_reader(low: int, high: int, *, text: bool) -> Reader:
    """Whole JSON numbers, 1.0 and 1e3 among them where that is exact; with `text` also digits in a string, as 64 bits need."""

    def read(value: Any) -> int:
        if text and isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        is_exact = not isinstance(value, float) or abs(value) <= LARGEST_EXACT_FLOAT
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise WrongValueError("must be a whole number")
        if not low <= value <= high:
            raise WrongValueError(f"must be between {low} and {high}")
        if not is_exact:
            raise WrongValueError(f"must be between {low} and {high}, with all its digits")
        return value

    return read


def _enum_reader(enum: EnumDescriptor) -> Reader:
    by_name = numbers(enum)
    message = f"must be one of {', '.join(choices(enum))}"

    def read(value: Any) -> int:
        number = by_name.get(value.lower()) if isinstance(value, str) else None
        if number is None:
            raise WrongValueError(message)
        return number

    return read


def _bytes(value: Any) -> bytes:
    try:
        return b64decode(_string(value), validate=True)
    except ValueError:
        raise WrongValueError("must be a string of base64") from None


def _parsed_reader(parse: Callable[[str], Any], meaning: str) -> Reader:
    def read(value: Any) -> Any:
        try:
            return parse(_string(value))
        except ValueError:
            raise WrongValueError(f"must be {meaning}") from None

    return read


_INTEGER_RANGES = (
    dict.fromkeys(INT32_TYPES, (-(2**31), 2**31 - 1))
    | dict.fromkeys(UINT32_TYPES, (0, 2**32 - 1))
    | dict.fromkeys(INT64_TYPES, (-(2**63), 2**63 - 1))
    | dict.fromkeys(UINT64_TYPES, (0, 2**64 - 1))
)
_WELL_KNOWN: dict[str, Reader] = {
    TIMESTAMP: _parsed_reader(parse_time, 'a time of RFC 3339, as in "2030-01-31T12:00:00Z"'),
    DURATION: _parsed_reader(parse_duration, 'a duration in seconds, as in "3600s"'),
    FIELD_MASK: _parsed_reader(parse_mask, 'field names joined by commas, as in "title,dueTime"'),
}
