"""The document holds what it says of itself: what it shows as an example is valid, and nothing it refers to is missing."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from openapi_schema_validator import OAS31Validator

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.openapi.document import build_document
from gateway.openapi.examples import example_of
from gateway.openapi.schemas import Use

CONTRACT = load_contract()
DOCUMENT = build_document(build_bindings(CONTRACT.services), CONTRACT.comments)
OPERATIONS = {each["operationId"]: each for item in DOCUMENT["paths"].values() for each in item.values()}
# Nobody can make up a page's token.
WITHOUT_EXAMPLE = {"pageToken"}


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    found: Any = DOCUMENT
    for step in part.get("$ref", "").split("/")[1:]:
        found = found[step]
    return found if "$ref" in part else part


def shown(part: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Everything with a schema and an example: where it is, and both of them."""
    if isinstance(part, list):
        part = dict(enumerate(part))
    if not isinstance(part, dict):
        return
    if "schema" in part:
        examples = [each["value"] for each in part.get("examples", {}).values()] + part["schema"].get("examples", [])
        yield from ((place, part["schema"], each) for each in (*examples, *([part["example"]] if "example" in part else [])))
    for name, inner in part.items():
        if name not in ("example", "examples"):
            yield from shown(inner, f"{place}/{name}")


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    return bool(OAS31Validator({**schema, "components": DOCUMENT["components"]}).is_valid(value))


def test_every_example_is_valid() -> None:
    found = list(shown(DOCUMENT))

    assert len(found) > 150
    assert [place for place, schema, example in found if not is_valid(schema, example)] == []


def test_whatever_may_be_sent_or_is_answered_has_an_example() -> None:
    without = []
    for name, operation in OPERATIONS.items():
        without += [(name, each["name"]) for each in operation.get("parameters", []) if "example" not in str(each)]
        bodies = [operation.get("requestBody", {}), *map(resolved, operation["responses"].values())]
        without += [
            (name, "") for body in bodies if (media := body.get("content")) and "example" not in str(next(iter(media.values())))
        ]

    assert {name for _, name in without} == WITHOUT_EXAMPLE


def test_only_what_must_be_sent_is_filled_in_for_those_who_try() -> None:
    parameters = [each for operation in OPERATIONS.values() for each in operation.get("parameters", [])]

    assert [each["name"] for each in parameters if ("example" in each) != each.get("required", False)] == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_failure_shows_a_problem_for_each_of_its_codes(name: str) -> None:
    failures = {status: resolved(each) for status, each in OPERATIONS[name]["responses"].items() if status >= "400"}

    for status, failure in failures.items():
        if "application/problem+json" not in failure["content"]:
            continue
        media = failure["content"]["application/problem+json"]
        _, narrow = resolved(media["schema"])["allOf"]
        examples = {code: example["value"] for code, example in media["examples"].items()}
        assert list(examples) == narrow["properties"]["code"]["enum"]
        assert {(code, example["code"], str(example["status"])) for code, example in examples.items()} == {
            (code, code, status) for code in examples
        }


def test_headers_are_promised_where_they_always_are() -> None:
    made, replaced = (OPERATIONS[name]["responses"] for name in ("CreateTask", "UpdateTask"))
    health = OPERATIONS["PlatformHealth"]["responses"]["200"]

    def always(response: dict[str, Any]) -> set[str]:
        return {name for name, header in resolved(response)["headers"].items() if resolved(header).get("required")}

    counted = {"X-Request-Id", "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert always(made["201"]) == counted | {"ETag", "Location"}
    assert "Idempotency-Replayed" in made["201"]["headers"]
    assert always(made["400"]) == always(made["413"]) == {"X-Request-Id"}
    assert always(replaced["404"]) == counted
    assert "RateLimit" in resolved(made["400"])["headers"]
    assert always(made["401"]) == counted | {"WWW-Authenticate"}
    assert always(made["409"]) == counted | {"Retry-After"}
    assert always(replaced["409"]) == counted
    assert "Retry-After" in resolved(replaced["409"])["headers"]
    assert always(made["429"]) == counted | {"Retry-After"}
    assert always(made["503"]) == {"X-Request-Id", "Retry-After"}
    assert always(health) == {"X-Request-Id"}


def test_only_what_somebody_must_be_signed_in_for_asks_for_a_token() -> None:
    anonymous = {name for name, operation in OPERATIONS.items() if operation["security"] == []}

    assert {"Login", "Register", "PlatformHealth", "PublicKeys"} <= anonymous
    assert {name for name, operation in OPERATIONS.items() if "401" in operation["responses"]} - {"Login"} == set(
        OPERATIONS
    ) - anonymous


def test_every_component_and_every_tag_is_there_and_used() -> None:
    referred = set(re.findall(r'"#/components/([^"]+)"', orjson.dumps(DOCUMENT).decode()))
    components = {f"{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named}

    assert referred == components - {"securitySchemes/accessToken"}
    assert {tag for each in OPERATIONS.values() for tag in each["tags"]} == {tag["name"] for tag in DOCUMENT["tags"]}
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_of_a_oneof_an_example_has_one_member_and_of_a_change_only_the_fields_that_may_be_sent() -> None:
    operations = next(each for each in CONTRACT.services if each.name == "TaskService").methods_by_name["BatchTasks"].input_type
    [operation] = example_of(operations.fields_by_name["operations"], Use.INPUT)
    change = OPERATIONS["UpdateTask"]["requestBody"]["content"]["application/json"]["example"]

    assert list(operation) == ["create"]
    assert "id" not in change
    assert "title" in change
