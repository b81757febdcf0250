"""What the files for REST clients are made of: the document's examples, and variables for what the platform is yet to say."""

from typing import Any

import pytest

from dev.collections.examples import filled, names_of
from dev.collections.requests import requests_of

ID, OTHER = "665f1f77bcf86cd799439021", "665f1f77bcf86cd799439022"
THING = {"id": ID, "title": "A thing", "partId": OTHER}
ANSWERS: dict[str, Any] = {
    "BigThing": THING,
    "Part": {"id": OTHER, "thingId": ID, "ownerId": ""},
    "SignedIn": {"token": "ey", "email": "x"},
}


def operation(answer: Any, schema: str = "Thing", status: str = "200", **others: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": answer}}
    known = {"tags": ["Thing"], "operationId": "DoIt", "summary": "Does it", "security": []}
    return {**known, "responses": {"304": {}, status: {"content": content}}, **others}


def reading(example: str = ID) -> dict[str, Any]:
    return operation(THING, parameters=[{"name": "id", "in": "path", "required": True, "schema": {}, "example": example}])


def test_an_id_is_called_as_what_it_belongs_to() -> None:
    assert names_of(ANSWERS) == {ID: "bigThingId", OTHER: "partId", "ey": "token"}


def test_what_an_answer_says_first_becomes_a_variable_wherever_it_is_sent() -> None:
    sent = {"title": "A thing", "likeIds": [ID, "x"], "part": {"id": OTHER, "size": 3}, "email": "x", "to": ""}

    assert filled(sent, names_of(ANSWERS)) == {
        "title": "A thing",
        "likeIds": ["{{bigThingId}}", "x"],
        "part": {"id": "{{partId}}", "size": 3},
        "email": "{{email}}",
        "to": "",
    }


def test_what_is_needed_is_kept_from_what_makes_it_before_what_lists_it() -> None:
    listing, making = operation({"things": [THING]}, "Things"), operation(THING, status="201")
    requests = requests_of({"paths": {"/things": {"get": listing, "post": making}, "/things/{id}": {"get": reading()}}})
    listed, made, read = requests
    assert (listed.keeps, made.keeps, read.keeps) == ({}, {"thingId": "id"}, {})
    assert (read.path_values, made.status) == ({"id": "{{thingId}}"}, 201)

    listed, read = requests_of({"paths": {"/things": {"get": listing}, "/things/{id}": {"get": reading()}}})
    assert listed.keeps == {"thingId": "things[0].id"}


def test_what_nobody_answers_first_cannot_be_needed() -> None:
    with pytest.raises(ValueError, match="no request answers"):
        requests_of({"paths": {"/things/{id}": {"get": reading()}}})
    with pytest.raises(ValueError, match="the example of id at /parts/"):
        requests_of({"paths": {"/things": {"post": operation(THING)}, "/parts/{id}": {"get": reading("no id")}}})
