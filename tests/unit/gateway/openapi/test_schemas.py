"""Schemas say of a message what the edge does with it: answered, sent whole, or sent as a change."""

import re
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass
from openapi_schema_validator import OAS31Validator
from unified.api.v1 import options_pb2

from gateway.bindings import build_bindings
from gateway.contract import ContractError, load_contract
from gateway.openapi.document import build_document
from gateway.openapi.schemas import Schemas, Use
from gateway.stream_shape import shape_of
from gateway.transcoding.decode import compile_decoder
from gateway.transcoding.encode import compile_encoder
from gateway.transcoding.input_errors import InputErrors
from tests.unit.gateway.contracts import message

SOURCE = """
    enum Kind { KIND_UNSPECIFIED = 0; KIND_SMALL = 1; KIND_VERY_BIG = 2; }
    message M {
        string id = 1 [(unified.api.v1.rules) = {output_only: true}];
        string title = 2 [(unified.api.v1.rules) = {required: true, max_length: 5, pattern: "a+|b"}];
        optional int32 page_size = 3 [(unified.api.v1.rules) = {min: 1, max: 9, example: "3"}];
        int64 big = 4;
        Kind kind = 5;
        repeated string labels = 6 [(unified.api.v1.rules) = {max_items: 2, min_length: 1}];
        Inner inner = 7;
        Step step = 11;
        google.protobuf.Timestamp due_time = 8;
        bytes data = 9;
        string password = 10 [(unified.api.v1.rules) = {secret: true}];
        string code = 12 [(unified.api.v1.rules) = {pattern: "x|y"}];
    }
    message Inner { bool on = 1; }
    message Step { oneof step { option (unified.api.v1.one_required) = true; Inner make = 1; Turn turn = 2; } }
    message Turn {
        string id = 1 [(unified.api.v1.rules).required = true];
        Inner inner = 2;
        google.protobuf.FieldMask update_mask = 3;
    }
"""
DESCRIPTOR = message(SOURCE)


def schema_of(descriptor: Descriptor, use: Use) -> dict[str, Any]:
    schemas = Schemas({"test.v1.M.title": "What it is."})
    schemas.message(descriptor, use)
    return schemas.components


def test_an_answer_has_its_plain_fields_always() -> None:
    answer = schema_of(DESCRIPTOR, Use.ANSWER)["M"]

    assert answer["required"] == ["id", "title", "big", "kind", "labels", "data", "password", "code"]
    assert "additionalProperties" not in answer


def test_what_is_sent_lacks_what_only_the_service_sets() -> None:
    sent = schema_of(DESCRIPTOR, Use.INPUT)["MInput"]

    assert "id" not in sent["properties"]
    assert sent["required"] == ["title"]
    assert sent["additionalProperties"] is False
    assert "required" not in schema_of(DESCRIPTOR, Use.CHANGE)["MChange"]


def test_what_a_changed_field_holds_is_sent_whole() -> None:
    schemas = schema_of(
        message("message M { N n = 1; } message N { string a = 1 [(unified.api.v1.rules).required = true]; }"), Use.CHANGE
    )

    assert (schemas["MChange"]["properties"].keys(), schemas["NInput"]["required"]) == ({"n"}, ["a"])


def test_fields_say_what_their_rules_and_comments_say() -> None:
    fields = schema_of(DESCRIPTOR, Use.INPUT)["MInput"]["properties"]

    assert fields["title"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 5,
        "pattern": "^(?:a+|b)$",
        "description": "What it is.",
    }
    assert fields["pageSize"] == {
        "type": ["integer", "null"],
        "format": "int32",
        "minimum": 1,
        "maximum": 9,
        "examples": [3],
    }
    assert fields["labels"] == {"type": ["array", "null"], "items": {"type": "string", "minLength": 1}, "maxItems": 2}
    assert fields["kind"] == {"anyOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]}
    assert fields["password"]["format"] == "password"
    # No text is as good as none, which no rule is for.
    assert fields["code"]["pattern"] == "^(?:x|y)?$"
    assert schema_of(DESCRIPTOR, Use.INPUT)["Kind"]["enum"] == ["small", "very_big"]


def test_a_change_inside_a_body_is_flat() -> None:
    turn = schema_of(DESCRIPTOR, Use.INPUT)["TurnInput"]

    assert (set(turn["properties"]), turn["required"]) == ({"id", "on"}, ["id"])


SENT: list[dict[str, Any]] = [
    {"title": "a", "pageSize": 3, "big": "9007199254740993", "kind": "very_big", "labels": ["x"], "inner": {"on": True}},
    {"title": "b", "dueTime": "2030-01-31T12:00:00Z", "data": "YQ==", "pageSize": None, "labels": None, "inner": None},
    {},
    {"title": None},
    {"title": "a", "id": "1"},
    {"title": "a", "nothing": 1},
    {"title": "a", "pageSize": "3"},
    {"title": "a", "kind": "huge"},
    {"title": "a", "labels": [None]},
    {"title": "a", "inner": {"on": "yes"}},
    {"title": "a", "step": {"make": {"on": True}}},
    {"title": "a", "step": {"turn": {"id": "1", "on": None}}},
    {"title": "a", "step": {"turn": {"id": "1", "inner": {}}}},
    {"title": "a", "step": {"make": {}, "turn": {"id": "1"}}},
    {"title": "a", "step": {"make": {"on": True}, "turn": None}},
]


@pytest.mark.parametrize("body", SENT, ids=lambda body: orjson.dumps(body).decode())
def test_what_the_schema_refuses_the_edge_or_the_rules_refuse(body: dict[str, Any]) -> None:
    components = schema_of(DESCRIPTOR, Use.INPUT)
    document = {"$ref": "#/components/schemas/MInput", "components": {"schemas": components}}
    errors = InputErrors()

    compile_decoder(DESCRIPTOR)({key: body[key] for key in body if key != "dueTime"}, "", errors)

    # That a required field is there is checked by the service, by the contract's rules.
    accepted = not errors and body.get("title") is not None
    assert OAS31Validator(document).is_valid(body) == accepted


def test_answers_are_as_the_document_says() -> None:
    contract = load_contract()
    bindings = build_bindings(contract.services)
    document = build_document(bindings, contract.comments)

    for binding in bindings:
        if binding.success_status == 204 or binding.is_download:
            continue
        resource = shape_of(binding).event if binding.is_stream else binding.resource
        answer = orjson.loads(compile_encoder(resource)(GetMessageClass(resource)()))
        schema = document["components"]["schemas"][resource.name]
        assert set(schema.get("required", [])) <= set(answer)
        assert set(answer) <= set(schema["properties"])


def test_two_messages_of_one_name_are_refused() -> None:
    schemas = Schemas({})
    schemas.message(message("message M { string a = 1; }"), Use.ANSWER)

    with pytest.raises(ContractError, match="would have the same schema, Inner"):
        schemas.message(
            message(
                "message O { message Inner { string a = 1; } Inner a = 1; Other b = 2; } "
                "message Other { message Inner { string b = 1; } Inner c = 1; }",
                "O",
            ),
            Use.ANSWER,
        )


# Python takes the first five for blanks and JavaScript, whose patterns the document has, the last.
DISPUTED_BLANKS = "\x1c\x1d\x1e\x1f\x85\ufeff"


def rules_with_blanks() -> dict[str, options_pb2.FieldRules]:
    methods = [method for service in load_contract().services for method in service.methods]
    messages = {message for method in methods for message in reached(method.input_type)}
    found = {field.full_name: field.GetOptions().Extensions[options_pb2.rules] for each in messages for field in each.fields}
    return {name: rules for name, rules in found.items() if r"\s" in rules.pattern}


def reached(message: Descriptor) -> set[Descriptor]:
    return {message, *(field.message_type for field in message.fields if field.message_type)}


def test_patterns_name_the_blanks_that_not_everybody_takes_for_some() -> None:
    rules = rules_with_blanks()
    assert "unified.user.v1.RegisterRequest.email" in rules
    for name, each in rules.items():
        named = re.compile(each.pattern.replace(r"\s", ""))
        assert named.fullmatch(each.example), name
        tried = [text for blank in DISPUTED_BLANKS for text in (blank + each.example, each.example + blank)]
        assert [text for text in tried if named.fullmatch(text)] == [], name
