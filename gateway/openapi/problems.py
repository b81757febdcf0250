"""The failures in the document: what a problem looks like, and how each binding may fail."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from unified.error.v1 import reason_pb2

from gateway.bindings import Binding
from gateway.openapi.headers import LIMITS, REQUEST_ID, headers
from gateway.openapi.refusals import refusals
from gateway.openapi.samples import problem_sample
from gateway.openapi.schemas import Schema
from gateway.problems import CONTENT_TYPE
from mesh.error_codes import RULES, ErrorRule

REASONS = reason_pb2.DESCRIPTOR.enum_types_by_name["Reason"]
_ENTRY: Schema = {
    "type": "object",
    "description": "Where, as a JSON pointer into the body or as the name of a parameter or header, and what is wrong.",
    "properties": {"pointer": {"type": "string"}, "parameter": {"type": "string"}, "message": {"type": "string"}},
    "required": ["message"],
}
# What may fail before a request is counted, or before it comes to a gateway.
_UNCOUNTED = frozenset({"invalid_argument", "body_too_large", "route_not_found", "internal", "unavailable", "overloaded"})
_TO_BE_REPEATED = frozenset({"rate_limited", "too_many_streams", "idempotency_in_progress", "unavailable", "overloaded"})


class Problems:
    """Collects the failures that a document refers to: a response, and a schema, for each set of codes."""

    def __init__(self, comments: Mapping[str, str]) -> None:
        self._meanings = meanings(comments)
        self.schemas: dict[str, Schema] = {"Problem": _problem(self._meanings)}
        self.responses: dict[str, Schema] = {}

    def of(self, binding: Binding) -> dict[str, Schema]:
        """References to how the binding may fail, by status."""
        responses = self.refer(refusals(binding))
        for status, description in _particulars(binding).items():
            responses[status]["description"] = description
        return responses

    def refer(self, rules: Iterable[ErrorRule]) -> dict[str, Schema]:
        """References to these failures, by status."""
        in_order = sorted(rules, key=lambda rule: rule.http_status)
        return {str(status): self._response(list(same)) for status, same in groupby(in_order, lambda rule: rule.http_status)}

    def _response(self, rules: Sequence[ErrorRule]) -> Schema:
        name = "Or".join(rule.code.title().replace("_", "") for rule in rules)
        schema = f"{name}Problem"
        self.schemas[schema] = self._narrowed(rules)
        self.responses[name] = {
            "description": " ".join(f"`{rule.code}`: {self._meanings[rule.code]}" for rule in rules),
            "headers": _headers(rules),
            "content": {
                CONTENT_TYPE: {
                    "schema": {"$ref": f"#/components/schemas/{schema}"},
                    "examples": {rule.code: {"summary": rule.title, "value": problem_sample(rule)} for rule in rules},
                }
            },
        }
        return {"$ref": f"#/components/responses/{name}"}

    def _narrowed(self, rules: Sequence[ErrorRule]) -> Schema:
        """A problem with one of these codes, which have the same status."""
        codes = {"enum": [rule.code for rule in rules], "description": _told(rules, self._meanings)}
        properties = {"status": {"type": "integer", "enum": [rules[0].http_status]}, "code": {"type": "string", **codes}}
        return {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "object", "properties": properties}]}


def meanings(comments: Mapping[str, str]) -> dict[str, str]:
    """What each code means, as the contract says."""
    return {
        rule.code: comments.get(f"{REASONS.full_name}.{REASONS.values_by_number[reason].name}", rule.title)
        for reason, rule in RULES.items()
    }


def _problem(meaning: Mapping[str, str]) -> Schema:
    """A problem document, with every code there is."""
    text = {"type": "string"}
    properties = {
        "type": text | {"format": "uri-reference", "description": "Where the code is explained."},
        "title": text | {"description": "What happened, the same for every occurrence."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": text | {"description": "What happened this time."},
        "instance": text | {"description": "The request id."},
        "code": text | {"enum": [rule.code for rule in RULES.values()], "description": _told(RULES.values(), meaning)},
        "errors": {"type": "array", "items": _ENTRY, "description": "What is wrong with the request, at most 20 entries."},
        "bucket": text | {"description": "With `rate_limited`: the limit that refused the request, by its name."},
    }
    return {
        "type": "object",
        "description": "A failure, as RFC 9457 has it.",
        "properties": properties,
        "required": [name for name in properties if name not in ("errors", "bucket")],
    }


def _told(rules: Iterable[ErrorRule], meaning: Mapping[str, str]) -> str:
    return "\n".join(f"- `{rule.code}` ({rule.http_status}): {meaning[rule.code]}" for rule in rules)


def _headers(rules: Sequence[ErrorRule]) -> dict[str, Schema]:
    always, sometimes = [REQUEST_ID], list[str]()
    (sometimes if all(rule.code in _UNCOUNTED for rule in rules) else always).extend(LIMITS)
    if rules[0].http_status == 401:
        always.append("WWW-Authenticate")
    if to_be_repeated := [rule for rule in rules if rule.code in _TO_BE_REPEATED]:
        (always if to_be_repeated == rules else sometimes).append("Retry-After")
    return headers(always, sometimes)


def _particulars(binding: Binding) -> dict[str, str]:
    """What of a failure is particular to the binding, by status."""
    limits = " and ".join(["the address's", *(f"`{name}`" for name in binding.rest.buckets)])
    streams = ", or too many open streams" if binding.is_stream else ""
    found = {"429": f"Too many requests, by {limits} limit{streams}; `Retry-After` says when to come back."}
    if binding.body:
        kind = "one of the content types" if binding.takes_file else "JSON"
        found["413"] = f"The body has more than {binding.max_body_bytes} bytes."
        found["415"] = f"The body is not {kind}, or it is compressed."
    return found
