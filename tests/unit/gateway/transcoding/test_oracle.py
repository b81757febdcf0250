"""The compiled transcoder says what protobuf's own json_format says, on random messages and on random JSON."""

from typing import Any

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.transcoding.decode import compile_decoder
from gateway.transcoding.encode import compile_encoder
from gateway.transcoding.input_errors import InputErrors
from tests.plain_json import by_json_format, plain_json
from tests.unit.gateway.transcoding.everything import (
    EVERYTHING,
    Everything,
    fields_of,
    without_zero_enums,
)

encode = compile_encoder(EVERYTHING)
decode = compile_decoder(EVERYTHING)


def read(body: Any) -> Any:
    """The message, or None when the body is refused."""
    errors = InputErrors()
    message = decode(body, "", errors)
    return None if errors else message


@settings(max_examples=60)
@given(fields_of(EVERYTHING))
def test_a_message_becomes_the_same_json(fields: dict[str, Any]) -> None:
    message = Everything(**fields)

    assert orjson.loads(encode(message)) == plain_json(message)


@settings(max_examples=60)
@given(fields_of(EVERYTHING), st.booleans())
def test_json_becomes_the_same_message(fields: dict[str, Any], proto_names: bool) -> None:
    message = Everything(**fields)
    body = json_format.MessageToDict(message, preserving_proto_field_name=proto_names)

    assert read(without_zero_enums(body)) == message
    assert read(without_zero_enums(by_json_format(message))) == message


ANSWERS = {binding.resource.full_name: binding.resource for binding in build_bindings(load_contract().services)}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_the_contracts_own_answers_become_the_same_json(answer: Descriptor) -> None:
    encode_answer = compile_encoder(answer)

    @settings(max_examples=30)
    @given(fields_of(answer))
    def same(fields: dict[str, Any]) -> None:
        message = GetMessageClass(answer)(**fields)
        assert orjson.loads(encode_answer(message)) == plain_json(message)

    same()


TEXTS = ["", "1", "-1", "1.0", "1e3", "true", "RED", "shade_deep_blue", "unspecified", "YQ==", "YQ", "a,b", "a_b", "aB.cD"]
TIMES = ["2030-02-30T00:00:00Z", "2030-01-31T12:00:00Z", "0001-01-01T00:00:00+23:59", "2030-01-31T12:00:00.5+02:00", "x"]
DURATIONS = ["1s", "-1.5s", "-0.000000001s", "315576000001s", "1.s", "s", "1"]
NUMBERS = [0, -1, 1.0, 1.5, 2**31, -(2**31), 2**32, 2**63, 2**64 - 1, -(2**63), 1e30, True, None]
SCALARS = st.sampled_from([*TEXTS, *TIMES, *DURATIONS, *NUMBERS]) | st.text(max_size=3)
NAMES = [field.json_name for field in EVERYTHING.fields]
OBJECTS = st.dictionaries(st.sampled_from(["someText", "shade", "inmost", "other"]), SCALARS, max_size=2)
BODIES = st.dictionaries(
    st.sampled_from([*NAMES, "no_such_field"]), SCALARS | OBJECTS | st.lists(SCALARS | OBJECTS, max_size=2), max_size=2
)


@settings(max_examples=400)
@given(BODIES)
def test_what_is_accepted_is_read_as_json_format_reads_it(body: Any) -> None:
    message = read(body)

    if message is not None:
        assert message == json_format.ParseDict(lengthen_enums(body), Everything())


def lengthen_enums(body: Any) -> Any:
    """Random JSON with enum values as json_format wants them."""
    if isinstance(body, dict):
        fields = {field.json_name: field for field in EVERYTHING.fields}
        return {key: _lengthen(item, fields.get(key)) for key, item in body.items()}
    return body


def _lengthen(value: Any, field: FieldDescriptor | None) -> Any:
    if isinstance(value, list):
        return [_lengthen(item, field) for item in value]
    if isinstance(value, dict):
        return {key: _shade(item) if key == "shade" else item for key, item in value.items()}
    return _shade(value) if field is not None and field.enum_type is not None else value


def _shade(value: Any) -> Any:
    return {"red": "SHADE_RED", "shade_deep_blue": "SHADE_DEEP_BLUE"}.get(str(value).lower(), value)
