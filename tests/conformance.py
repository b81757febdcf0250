"""Holds answers against the OpenAPI document: status, headers, content type and body must be what the document says."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from jsonschema_rs import Draft202012Validator, ValidationError

from gateway.bodies import JSON
from gateway.openapi.headers import LIMITS, REQUEST_ID, headers
from gateway.problems import CONTENT_TYPE
from gateway.sse import CONTENT_TYPE as EVENTS

Part: TypeAlias = Mapping[str, Any]

# That the gateway serves this one, a test of its own shows.
DOCUMENT = Path(__file__).parent / "contract" / "openapi.json"
_ALLOW = {"Allow": {"required": True, "schema": {"type": "string"}}, **headers([REQUEST_ID])}
_PROBLEM = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
# What is answered where there is no operation.
_NO_OPERATION: Part = {
    "204": {"headers": _ALLOW},
    "404": {"$ref": "#/components/responses/RouteNotFound"},
    "405": {"headers": _ALLOW | headers(LIMITS), "content": _PROBLEM},
    "429": {"$ref": "#/components/responses/RateLimited"},
}
JSON_TYPES = (JSON, CONTENT_TYPE)
_NOT_DESCRIBED = re.compile(r"/docs(/.*)?")
"""Pages for people."""


class NonconformityError(AssertionError):
    """An answer is not what the document says."""


class Conformance:
    """The document. What it says of a status of an operation is compiled when the first such answer comes."""

    def __init__(self, document: Part) -> None:
        self.document = document
        # Literal segments before variables, as the edge has it.
        paths = sorted(document["paths"], key=lambda path: [segment.startswith("{") for segment in path.split("/")])
        self._paths = [(re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))), path) for path in paths]
        self._expected: dict[str, _Expected] = {}

    def check(self, method: str, path: str, status: int, sent: Mapping[str, str], body: bytes | None = None) -> None:
        """Raises NonconformityError. `path` may have a query; `body` is not compressed, and nothing where it was not read."""
        path = path.partition("?")[0]
        if _NOT_DESCRIBED.fullmatch(path):
            return
        try:
            expected = self._of("get" if method == "HEAD" else method.lower(), path, status)
            expected.check_headers(sent)
            if body is not None and method != "HEAD" and status not in (204, 304):
                expected.check_body(sent.get("Content-Type", ""), body)
        except (ValidationError, NonconformityError) as error:
            raise NonconformityError(
                f"{method} {path}: {status} is not as the document says: {error}\n{(body or b'')[:500]!r}"
            ) from None

    def check_event(self, path: str, event_type: str, data: Any) -> None:
        """The same for an event of a stream."""
        try:
            self._of("get", path, 200).check_event(event_type, data)
        except ValidationError as error:
            raise NonconformityError(f"{path}: {event_type} is not as the document says: {error}\n{data}") from None

    def _of(self, method: str, path: str, status: int) -> "_Expected":
        items = self.document["paths"]
        template = next((each for pattern, each in self._paths if pattern.fullmatch(path) and method in items[each]), "")
        responses = items[template][method]["responses"] if template else _NO_OPERATION
        if str(status) not in responses:
            raise NonconformityError(f"there is no such status, only {', '.join(responses)}")
        response = responses[str(status)]
        # Operations share their failures.
        key = response.get("$ref", f"{method} {template} {status}")
        if key not in self._expected:
            self._expected[key] = _Expected(self.document["components"], response)
        return self._expected[key]


class _Expected:
    """What the document says of one status of one operation."""

    def __init__(self, components: Part, response: Part) -> None:
        self._components = components
        response = self._resolved(response)
        described = {name: self._resolved(header) for name, header in response.get("headers", {}).items()}
        self._required = [name for name, header in described.items() if header.get("required")]
        self._headers = {name: Draft202012Validator(header["schema"]) for name, header in described.items()}
        # Of the headers that the document knows.
        self._unexpected = set(components["headers"]) - set(described)
        self._numbers = {name for name, header in described.items() if header["schema"]["type"] == "integer"}
        content = response.get("content", {})
        self._content = {media_type: self._validator(each["schema"]) for media_type, each in content.items()}
        events = [each["properties"] for each in content.get(EVENTS, {}).get("x-itemSchema", {}).get("oneOf", [])]
        self._events = [self._validator(each["data"]["contentSchema"]) for each in events if "data" in each]

    def check_headers(self, sent: Mapping[str, str]) -> None:
        for name in self._required:
            if name not in sent:
                raise NonconformityError(f"{name} is missing")
        for name in self._unexpected:
            if name in sent:
                raise NonconformityError(f"{name} is sent")
        for name, validator in self._headers.items():
            if name in sent:
                validator.validate(int(sent[name]) if name in self._numbers and sent[name].isdecimal() else sent[name])

    def check_body(self, content_type: str, body: bytes) -> None:
        media_type = content_type.partition(";")[0]
        if media_type not in self._content:
            raise NonconformityError(f"the content type is {content_type!r}, not one of {list(self._content)}")
        self._content[media_type].validate(orjson.loads(body) if media_type in JSON_TYPES else body.decode())

    def check_event(self, event_type: str, data: Any) -> None:
        news, end = self._events
        (end if event_type == "error" else news).validate(data)

    def _resolved(self, part: Part) -> Part:
        if "$ref" not in part:
            return part
        *_, kind, name = part["$ref"].split("/")
        found: Part = self._components[kind][name]
        return found

    def _validator(self, schema: Part) -> Draft202012Validator:
        return Draft202012Validator({**schema, "components": self._components}, validate_formats=True)


@cache
def conformance() -> Conformance:
    return Conformance(orjson.loads(DOCUMENT.read_bytes()))
