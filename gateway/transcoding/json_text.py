"""JSON text to plain values, strictly: a key that stands twice in an object is refused, where others would drop one."""

from collections.abc import Iterator
from json import JSONDecoder
from typing import Any

import orjson

from gateway.transcoding.input_errors import InputErrors, InvalidRequestError, child


def parse_json(text: bytes) -> Any:
    """Raises InvalidRequestError, with a pointer to each key that is there twice."""
    try:
        value = orjson.loads(text)
        # orjson is the stricter and faster one, but keeps the last of two values without a word.
        _ONCE.decode(text.decode())
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise InvalidRequestError("the body is nested too deeply") from None
    except _TwiceError:
        errors = InputErrors()
        for pointer in _repeated(_PAIRS.decode(text.decode()), ""):
            errors.at_pointer(pointer, "is there twice")
        errors.raise_if_any()
    return value


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


_ONCE = JSONDecoder(object_pairs_hook=_once)
_PAIRS = JSONDecoder(object_pairs_hook=_Pairs)
