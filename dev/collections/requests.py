"""The requests of the OpenAPI document, in an order in which each finds what it needs.

What a request needs of earlier answers (a token, ids) stands in variables. The order is that of the contract; only which resource
comes first is stated here.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from dev.collections.examples import SETTINGS, TOKEN, answered, filled, names_of, variable
from gateway.bodies import JSON
from gateway.sse import CONTENT_TYPE as EVENT_STREAM

Object = dict[str, Any]
NO_BODY: Object = {"content": {"": {}}}

# Those that others build on. What is not named here follows, as it stands in the document.
FIRST = ("User", "Task", "Comment", "Transfer")
VARIABLE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """Of the query, or a header. `value` is an example, empty where there is none."""

    name: str
    value: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True)
class Request:
    """`path_values` are the path's variables; `body` is JSON or, of a file, text; `answer` an example of the success."""

    name: str
    folder: str
    description: str
    verb: str
    path: str
    path_values: Mapping[str, str]
    query: list[Parameter]
    headers: list[Parameter]
    content_type: str
    body: Any
    needs_token: bool
    status: int
    is_stream: bool
    answer: Any
    keeps: dict[str, str] = field(default_factory=dict)
    """What of the answer later requests need: variables, and where it stands, as in "tasks[0].id"."""

    @property
    def title(self) -> str:
        """Its name in words."""
        return re.sub(r"(?<!^)(?=[A-Z0-9])", " ", self.name).capitalize()

    @property
    def makes_account(self) -> bool:
        return self.status == 201 and variable("email") in text_of(self.body)

    @property
    def needs(self) -> set[str]:
        """The variables without which it cannot be sent."""
        values = [*self.path_values.values(), *(each.value for each in self.query if each.required), text_of(self.body)]
        return set(VARIABLE.findall(" ".join(values))) | ({TOKEN} if self.needs_token else set())


def requests_of(document: Mapping[str, Any]) -> list[Request]:
    """All of them, in order."""
    operations = [(verb, path, each) for path, item in document["paths"].items() for verb, each in item.items()]
    names = names_of(dict(answer for _, _, operation in operations for answer in _resource(operation)))
    requests = [_request(verb.upper(), path, operation, names) for verb, path, operation in operations]
    requests.sort(key=lambda request: FIRST.index(request.folder) if request.folder in FIRST else len(FIRST))
    for request in requests:
        _check_path(request)
    for name in sorted(set().union(*(request.needs for request in requests)) - SETTINGS.keys()):
        provider, place = _provider(name, requests, names)
        provider.keeps[name] = place
    return requests


def text_of(body: Any) -> str:
    """The body, or a value, as it is sent."""
    return body if isinstance(body, str) else orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def _request(verb: str, path: str, operation: Object, names: Mapping[str, str]) -> Request:
    query, headers, path_values = (
        [_parameter(each, names) for each in operation.get("parameters", []) if each["in"] == place]
        for place in ("query", "header", "path")
    )
    content_type, media = next(iter(operation.get("requestBody", NO_BODY)["content"].items()))
    status, success = _success(operation)
    return Request(
        name=operation["operationId"],
        folder=operation["tags"][0],
        description=operation.get("description") or operation["summary"],
        verb=verb,
        path=path,
        path_values={each.name: each.value for each in path_values},
        query=query,
        headers=headers,
        content_type=content_type,
        body=filled(media.get("example"), names),
        needs_token=bool(operation["security"]),
        status=status,
        is_stream=EVENT_STREAM in success,
        answer=success.get(JSON, {}).get("example"),
    )


def _success(operation: Object) -> tuple[int, Object]:
    """The status, and the content by its type."""
    status, response = next((status, each) for status, each in operation["responses"].items() if status.startswith("2"))
    return int(status), response.get("content", {})


def _resource(operation: Object) -> list[tuple[str, Any]]:
    """What is answered in JSON, if anything is: its schema's name and an example."""
    _, content = _success(operation)
    return [(media["schema"]["$ref"].rpartition("/")[2], media["example"]) for name, media in content.items() if name == JSON]


def _parameter(parameter: Object, names: Mapping[str, str]) -> Parameter:
    examples = [parameter["example"]] if "example" in parameter else parameter["schema"].get("examples", [""])
    example = filled(examples[0], names)
    first = example[0] if isinstance(example, list) else example
    return Parameter(parameter["name"], text_of(first), parameter.get("description", ""), parameter.get("required", False))


def _check_path(request: Request) -> None:
    for name, value in request.path_values.items():
        if not VARIABLE.fullmatch(value):
            raise ValueError(f"the example of {name} at {request.path} is none of an id that any request answers")


def _provider(name: str, requests: Iterable[Request], names: Mapping[str, str]) -> tuple[Request, str]:
    """Who answers the variable, and where: the first that makes what it names, or else the first that tells of it."""
    found = [
        (request, place)
        for request in requests
        if name not in request.needs
        for each, place in answered(request.answer, names)
        if each == name
    ]
    if not found:
        raise ValueError(f"no request answers {variable(name)}, which others need")
    return min(found, key=lambda each: each[0].status != 201)
