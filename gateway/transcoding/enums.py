"""Enum values as REST shows them: short and in lower case, `STATUS_IN_PROGRESS` of `Status` as "in_progress"."""

import re

from google.protobuf.descriptor import EnumDescriptor

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class EnumNames(dict[int, str | int]):
    """Short names by number. A number that this version does not know yet stays a number."""

    def __missing__(self, number: int) -> int:
        return number


def short_names(enum: EnumDescriptor) -> EnumNames:
    """The short name of each value, the zero included."""
    prefix = _WORD_START.sub("_", enum.name).upper() + "_"
    return EnumNames({value.number: value.name.removeprefix(prefix).lower() for value in enum.values})


def choices(enum: EnumDescriptor) -> list[str]:
    """The short names that stand for something: all but the zero, which is what an unset field has."""
    return [str(name) for number, name in short_names(enum).items() if number]


def numbers(enum: EnumDescriptor) -> dict[str, int]:
    """Numbers of the choices by short name and by full proto name, both in lower case."""
    short = {str(name): number for number, name in short_names(enum).items() if number}
    full = {value.name.lower(): value.number for value in enum.values if value.number}
    return full | short
