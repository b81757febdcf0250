"""Between Python values and the contract's JSON: camelCase names, RFC 3339 times, durations in seconds."""

import base64
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

Model = TypeVar("Model")


class Unset(Enum):
    """What is not sent: the field stays as it is. None clears it."""

    UNSET = "unset"


UNSET = Unset.UNSET


def to_json(value: Any) -> Any:
    """What is sent for the value: of a model, the fields that are not as they are in an empty one."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone means nothing to others; give it one")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return f"{value.total_seconds():f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if is_dataclass(value):
        held = {each.name: getattr(value, each.name) for each in fields(value)}
        return body_of({each.name: held[each.name] for each in fields(value) if held[each.name] != each.default})
    if isinstance(value, Mapping):
        return {key: to_json(each) for key, each in value.items()}
    return [to_json(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else value


def body_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object of what is set."""
    return {camel(name): to_json(value) for name, value in values.items() if value is not UNSET}


def query_of(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters of what is set; a list becomes one for each of its elements."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in body_of(values).items()}
    return [(name, _text(each)) for name, value in lists.items() for each in value if each is not None]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def read(model: type[Model], content: Any) -> Model:
    """The model in the answer's JSON. Fields that this version of the client does not know are passed over."""
    make: Any = model
    result: Model = _reader(make)(content)
    return result


@functools.cache
def _reader(wanted: Any) -> Callable[[Any], Any]:
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return _reader(next(each for each in arguments if each is not type(None)))
    if origin is tuple:
        one = _reader(arguments[0])
        return lambda content: tuple(one(each) for each in content)
    if is_dataclass(wanted):
        return _model_reader(wanted)
    known: dict[Any, Callable[[Any], Any]] = {
        datetime: datetime.fromisoformat,
        timedelta: lambda text: timedelta(seconds=float(text.removesuffix("s"))),
        bytes: base64.b64decode,
        int: int,
    }
    return known.get(wanted, lambda content: content)


def _model_reader(model: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(model)
    readers = {camel(name): (name, _reader(hints[name])) for name in (each.name for each in fields(model))}

    def read_model(content: Mapping[str, Any]) -> Any:
        known = ((readers[key], value) for key, value in content.items() if key in readers and value is not None)
        return model(**{name: convert(value) for (name, convert), value in known})

    return read_model
