"""What the edge takes for JSON: what the standard says, and no key twice."""

import orjson
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import given
from hypothesis import strategies as st
from unified.api.v1 import options_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.transcoding import json_text
from gateway.transcoding.input_errors import InvalidRequestError
from gateway.transcoding.json_text import MAX_DEPTH, MAX_VALUES, parse_json
from gateway.transcoding.supported import WELL_KNOWN

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


def nested(depth: int) -> list[bytes]:
    """Texts of this depth."""
    both = b'[{"a":' * (depth // 2) + b"[]" * (depth % 2) + b"1" * (1 - depth % 2) + b"}]" * (depth // 2)
    return [
        b"[" * depth + b"]" * depth,
        b'{"a":' * depth + b"1" + b"}" * depth,
        both,
        b" [1, " + b"[" * (depth - 1) + b"]" * depth,
    ]


def test_json_may_be_as_deep_as_the_contract_says() -> None:
    for text in nested(MAX_DEPTH):
        assert parse_json(text) == orjson.loads(text)
    flat = b'[["' + b"[{" * 100 + b'"]' + b",[]" * 100 + b"]"
    assert parse_json(flat) == orjson.loads(flat)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, MAX_DEPTH + 2, *range(900, 1100, 20)])
def test_what_is_deeper_is_refused(depth: int) -> None:
    for text in nested(depth):
        with pytest.raises(InvalidRequestError, match=r"nested deeper than 32 levels|depth limit exceeded"):
            parse_json(text)


def size_of(value: object) -> int:
    """The values below this one; an empty container counts as if it had one."""
    if not isinstance(value, dict | list):
        return 0
    items = list(value.values()) if isinstance(value, dict) else value
    return max(1, len(items)) + sum(map(size_of, items))


@given(VALUES, st.integers(1, 20))
def test_values_are_counted_whatever_stands_in_strings(value: object, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "MAX_VALUES", most)
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2)
        if len(text) > 2 * most and size_of(value) > most:
            with pytest.raises(InvalidRequestError, match="more than"):
                parse_json(text)
        else:
            assert parse_json(text) == value


@pytest.mark.parametrize(
    ("piece", "values"),
    [(b"1", 1), (b"[]", 1), (b"{}", 1), (b'""', 1), (b'"\\""', 1), (b'{"a":1,"a":1}', 3), (b"[" * 31 + b"]" * 31, 31)],
)
def test_a_body_of_small_values_is_refused_before_it_is_read(piece: bytes, values: int) -> None:
    for count in (MAX_VALUES // values + 1, 4_000_000 // len(piece)):
        with pytest.raises(InvalidRequestError, match="the body has more than 20000 values"):
            parse_json(b"[" + b",".join([piece] * count))


def test_long_texts_are_no_values() -> None:
    text = {"text": ',[{"\\' * 100_000, "other": "\\"}

    assert parse_json(orjson.dumps([text])) == [text]


def most_values(message: Descriptor | None) -> int:
    """In a JSON object that has every field, and every list as long as it may be."""
    if message is None or message.full_name in WELL_KNOWN:
        return 0
    return sum(_most_values_of(field) for field in message.fields)


def _most_values_of(field: FieldDescriptor) -> int:
    one = 1 + most_values(field.message_type)
    return 1 + one * field.GetOptions().Extensions[options_pb2.rules].max_items if field.is_repeated else one


def test_no_request_of_the_contract_has_too_many_values() -> None:
    most = [most_values(binding.method.input_type) for binding in build_bindings(load_contract().services) if binding.body]

    assert 10_000 < max(most) < MAX_VALUES
