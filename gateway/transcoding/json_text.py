"""JSON text to plain values, strictly: a key that stands twice in an object is refused, where others would drop one."""

from collections.abc import Iterable, Iterator
from itertools import islice
from json import JSONDecoder
from typing import Any

import orjson

from gateway.transcoding.input_errors import InputErrors, InvalidRequestError, child
from mesh.errors import MAX_FIELD_ERRORS

MAX_DEPTH = 32
# More than any request of the contract has. What has more is refused before it is read: to read millions of small values would
# hold up all other requests.
MAX_VALUES = 20_000
# Of each value: itself, and a comma or a bracket before it.
_LEAST_BYTES = 2


def parse_json(text: bytes) -> Any:
    """Raises InvalidRequestError, with a pointer to each key that is there twice."""
    if len(text) > _LEAST_BYTES * MAX_VALUES:
        _check_values(text)
    try:
        value = orjson.loads(text)
        _check_depth([value])
        # orjson is the stricter and faster one, but keeps the last of two values without a word.
        _ONCE.raw_decode(text.decode().lstrip())
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"the body is not JSON: {error}") from None
    except _TwiceError:
        errors = InputErrors()
        for pointer in islice(_repeated(_PAIRS.decode(text.decode()), ""), MAX_FIELD_ERRORS):
            errors.at_pointer(pointer, "is there twice")
        errors.raise_if_any()
    return value


def _check_values(text: bytes) -> None:
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Each value has at most its key and itself in quotes, and stands behind a comma or a bracket outside of all strings.
    if text.count(b'"') > 4 * MAX_VALUES or sum(map(b"".join(text.split(b'"')[::2]).count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise InvalidRequestError(f"the body has more than {MAX_VALUES} values")


def _check_depth(values: Iterable[Any], left: int = MAX_DEPTH) -> None:
    """`left` is how many levels there may be below `values`."""
    for value in values:
        if isinstance(value, _CONTAINERS):
            if not left:
                raise InvalidRequestError(f"the body is nested deeper than {MAX_DEPTH} levels")
            _check_depth(value.values() if isinstance(value, dict) else value, left - 1)


class _TwiceError(Exception):
    pass


class _Pairs(list[tuple[str, Any]]):
    """An object, with every key that it has."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _TwiceError


def _repeated(value: Any, pointer: str) -> Iterator[str]:
    """Pointers to the keys that are there again."""
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, item in value:
            if key in seen:
                yield child(pointer, key)
            seen.add(key)
            yield from _repeated(item, child(pointer, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _repeated(item, f"{pointer}/{i}")


_CONTAINERS = (dict, list)
_ONCE = JSONDecoder(object_pairs_hook=_once)
_PAIRS = JSONDecoder(object_pairs_hook=_Pairs)
