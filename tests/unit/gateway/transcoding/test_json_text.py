"""What the edge takes for JSON: what the standard says, and no key twice."""

import contextlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transcoding.input_errors import InvalidRequestError
from gateway.transcoding.json_text import parse_json

KEYS = st.sampled_from(["a", "b", "a/b", "~", "\u00e9", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def pointers(text: bytes) -> list[str]:
    with pytest.raises(InvalidRequestError) as raised:
        parse_json(text)
    assert all(error["message"] == "is there twice" for error in raised.value.errors)
    return [error["pointer"] for error in raised.value.errors]


@given(VALUES)
def test_json_is_read_as_it_was_written(value: object) -> None:
    assert parse_json(orjson.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": 1, "a": 1}', ["/a"]),
        (b'{"a": 1, "\\u0061": 2}', ["/a"]),
        (b'{"a": {"b/c": 1, "b/c": null}}', ["/a/b~1c"]),
        (b'{"a": [1, {"b": 1, "c": [], "b": {}, "b": 3}]}', ["/a/1/b", "/a/1/b"]),
        (b'[[{"": 1, "": 2}]]', ["/0/0/"]),
        (b'{"a": {"x": 1, "x": 2}, "a": {"x": 3}}', ["/a/x", "/a"]),
        (b'{"' + b"k" * 1000 + b'": 1, "' + b"k" * 1000 + b'": 2}', ["/" + "k" * 100]),
        (b"{" + b",".join([b'"a": 1'] * 100) + b"}", ["/a"] * 20),
    ],
)
def test_a_key_that_is_there_twice_is_named(text: bytes, expected: list[str]) -> None:
    assert pointers(text) == expected


def test_the_same_key_in_two_objects_is_no_repetition() -> None:
    assert parse_json(b'[{"a": {"a": 1}}, {"a": 2}]') == [{"a": {"a": 1}}, {"a": 2}]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"nul",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"9" * 5000,
        b"01",
        b"1.",
        b"'a'",
        b'{"a": 1,}',
        b"{a: 1}",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800": 1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\x01"',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b"{} {}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        parse_json(text)


@pytest.mark.parametrize("depth", range(900, 1100, 20))
def test_depth_is_never_more_than_refused(depth: int) -> None:
    for text in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
        with contextlib.suppress(InvalidRequestError):
            parse_json(text)
