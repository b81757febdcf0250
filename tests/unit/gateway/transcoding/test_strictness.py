"""What the edge refuses in a body, and how it says where."""

from typing import Any

import orjson
import pytest

from gateway.transcoding.decode import compile_decoder
from gateway.transcoding.encode import compile_encoder
from gateway.transcoding.input_errors import InputErrors, InvalidRequestError
from tests.unit.gateway.contracts import message

SOURCE = """
    enum Status { STATUS_UNSPECIFIED = 0; STATUS_TODO = 1; STATUS_IN_PROGRESS = 2; }
    message M {
        string title = 1; int32 count = 2; int64 big = 3; bool done = 4; bytes data = 5; Status status = 6;
        repeated string labels = 7; repeated Item items = 8; Item item = 9; optional string note = 10;
        string id = 11 [(unified.api.v1.rules) = {output_only: true}];
        oneof kind { string left_side = 12; string right = 13; }
    }
    message Item { string due_text = 1; }
"""
DECODE = compile_decoder(message(SOURCE))


def errors_of(body: Any) -> list[tuple[str, str]]:
    errors = InputErrors()
    DECODE(body, "", errors)
    try:
        errors.raise_if_any()
    except InvalidRequestError as error:
        return [(each["pointer"], each["message"]) for each in error.errors]
    return []


@pytest.mark.parametrize(
    ("body", "pointer", "complaint"),
    [
        ([], "", "must be an object"),
        (None, "", "must be an object"),
        ({"titel": "x"}, "/titel", "is not a field of the request"),
        ({"a/b~c": 1}, "/a~1b~0c", "is not a field of the request"),
        ({"title": 1}, "/title", "must be a string"),
        ({"title": True}, "/title", "must be a string"),
        ({"count": "1"}, "/count", "must be a whole number"),
        ({"count": 1.5}, "/count", "must be a whole number"),
        ({"count": True}, "/count", "must be a whole number"),
        ({"count": 2**31}, "/count", "must be between -2147483648 and 2147483647"),
        ({"big": "1.0"}, "/big", "must be a whole number"),
        ({"big": 0.5}, "/big", "must be a whole number"),
        ({"big": 2.0**63}, "/big", "must be between -9223372036854775808 and 9223372036854775807"),
        # What JSON integers of more than 64 bits are read as.
        ({"big": -(2.0**63)}, "/big", "must be between -9223372036854775808 and 9223372036854775807, with all its digits"),
        ({"big": 2.0**53 + 2}, "/big", "must be between -9223372036854775808 and 9223372036854775807, with all its digits"),
        ({"done": "true"}, "/done", "must be true or false"),
        ({"done": 1}, "/done", "must be true or false"),
        ({"data": "a"}, "/data", "must be a string of base64"),
        ({"status": "blocked"}, "/status", "must be one of todo, in_progress"),
        ({"status": "unspecified"}, "/status", "must be one of todo, in_progress"),
        ({"status": 1}, "/status", "must be one of todo, in_progress"),
        ({"labels": "a"}, "/labels", "must be an array"),
        ({"labels": ["a", None]}, "/labels/1", "must be a string"),
        ({"items": [{}, None]}, "/items/1", "must be an object"),
        ({"items": [{}, {"dueText": 5}]}, "/items/1/dueText", "must be a string"),
        ({"item": []}, "/item", "must be an object"),
        ({"item": {"due_text": "a", "dueText": "b"}}, "/item/dueText", "is there twice"),
        ({"id": "1"}, "/id", "is set by the service"),
        ({"leftSide": "a", "right": "b"}, "", "must have at most one of leftSide, right"),
    ],
)
def test_refuses_naming_the_place(body: Any, pointer: str, complaint: str) -> None:
    assert errors_of(body) == [(pointer, complaint)]


@pytest.mark.parametrize("number", [7, 7.0, -0.0, 2.0**53, -(2.0**53), "9223372036854775807", -(2**63)])
def test_a_number_that_is_whole_and_exact_is_read_in_any_form(number: Any) -> None:
    assert DECODE({"big": number}, "", InputErrors()).big == int(number)


@pytest.mark.parametrize("status", ["in_progress", "IN_PROGRESS", "In_Progress", "STATUS_IN_PROGRESS", "status_in_progress"])
def test_an_enum_value_is_read_in_any_case_and_by_its_full_name(status: str) -> None:
    assert DECODE({"status": status}, "", InputErrors()).status == 2


def test_null_means_unset() -> None:
    names = ["title", "count", "status", "labels", "items", "item", "note", "leftSide", "id"]

    read = DECODE(dict.fromkeys(names), "", InputErrors())

    assert read.ByteSize() == 0
    assert errors_of({"leftSide": None, "right": "b"}) == []


def test_all_errors_are_listed_up_to_twenty() -> None:
    assert len(errors_of({"title": 1, "count": "x", "labels": [1, 2]})) == 4
    assert len(errors_of({"labels": [1] * 50})) == 20


def test_a_long_key_is_not_echoed_whole() -> None:
    [(pointer, _)] = errors_of({"x" * 100_000: 1})
    assert len(pointer) < 200


def test_an_enum_value_that_this_version_does_not_know_is_answered_as_its_number() -> None:
    descriptor = message(SOURCE)
    read = DECODE({}, "", InputErrors())
    read.status = 77

    assert orjson.loads(compile_encoder(descriptor)(read))["status"] == 77
