"""What tests hold answers against does find what is wrong with them."""

from typing import Any

import orjson
import pytest

from tests.conformance import NonconformityError, conformance

DOCUMENT = conformance().document
TASK = DOCUMENT["paths"]["/api/tasks/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
PROBLEM = DOCUMENT["components"]["responses"]["Unauthenticated"]["content"]["application/problem+json"]["examples"]
LIMITS = {"RateLimit": "x", "RateLimit-Policy": "x", "RateLimit-Limit": "5", "RateLimit-Remaining": "4", "RateLimit-Reset": "9"}
COMMON = {"X-Request-Id": "x", **LIMITS, "Content-Type": "application/json; charset=utf-8"}
ANSWER: dict[str, Any] = {"path": "/api/tasks/1?x=y", "status": 200, "sent": {**COMMON, "ETag": '"1"'}, "body": TASK}
REFUSED = {
    **ANSWER,
    "status": 401,
    "sent": {**COMMON, "WWW-Authenticate": "Bearer", "Content-Type": "application/problem+json"},
    "body": PROBLEM["unauthenticated"]["value"],
}


def check(answer: dict[str, Any], method: str = "GET") -> None:
    conformance().check(method, **{**answer, "body": orjson.dumps(answer["body"])})


@pytest.mark.parametrize("answer", [ANSWER, REFUSED, {**ANSWER, "path": "/docs/errors", "sent": {}}])
def test_what_is_as_the_document_says_passes(answer: dict[str, Any]) -> None:
    check(answer)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({**ANSWER, "status": 418}, "there is no such status, only 200, 304, 400"),
        ({**ANSWER, "path": "/nothing"}, "there is no such status, only 204, 404, 405"),
        ({**ANSWER, "sent": COMMON}, "ETag is missing"),
        ({**ANSWER, "sent": {**ANSWER["sent"], "Location": "/"}}, "Location is sent"),
        ({**ANSWER, "sent": {**ANSWER["sent"], "RateLimit-Limit": "many"}}, '"many" is not of type "integer"'),
        ({**ANSWER, "sent": {**ANSWER["sent"], "Content-Type": "text/html"}}, "the content type is 'text/html'"),
        ({**ANSWER, "body": {**TASK, "status": "lost"}}, '"lost" is not one of "todo"'),
        ({**ANSWER, "body": {**TASK, "dueTime": "soon"}}, '"soon" is not a "date-time"'),
        ({**REFUSED, "body": {**REFUSED["body"], "code": "internal"}}, '"internal" is not'),
    ],
)
def test_what_is_not_is_told(answer: dict[str, Any], complaint: str) -> None:
    with pytest.raises(NonconformityError, match=complaint):
        check(answer)


def test_an_event_is_held_against_its_schema_and_the_last_one_against_that_of_problems() -> None:
    conformance().check_event(
        "/api/tasks/stream", "task.updated", {"id": "1", "type": "task.updated", "taskId": "1", "task": TASK}
    )
    conformance().check_event("/api/tasks/stream", "error", REFUSED["body"])
    for event_type in ("task.updated", "error"):
        with pytest.raises(NonconformityError, match="is a required property"):
            conformance().check_event("/api/tasks/stream", event_type, {"id": "1"})
