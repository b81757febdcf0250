"""What an answer must be, and what is said of one that is not."""

from typing import Any

import orjson
import pytest

from tests.fuzz.judging import complaint

PROBLEM: dict[str, Any] = {
    "type": "/docs/errors/route_not_found",
    "title": "Nothing is here",
    "status": 404,
    "detail": "no resource answers at this path",
    "instance": "1",
    "code": "route_not_found",
}
HEADERS = {"X-Request-Id": "1", "Content-Type": "application/problem+json"}


def said(
    problem: dict[str, Any] | None = None, *, status: int = 404, method: str = "GET", path: str | None = None, **headers: str
) -> str:
    sent = {name: value for name, value in {**HEADERS, **headers}.items() if value}
    return complaint(method, path, status, sent, b"" if problem is None else orjson.dumps(problem))


def test_a_problem_of_its_request_is_right() -> None:
    assert said(PROBLEM) == ""
    assert said(status=404, method="HEAD") == ""
    assert said(status=204) == ""


@pytest.mark.parametrize(
    ("problem", "answer", "what"),
    [
        (PROBLEM, {"status": 500}, "answers 500"),
        (PROBLEM, {"X-Request-Id": ""}, "has no X-Request-Id"),
        (PROBLEM, {"Content-Type": "text/plain"}, "answers 404 without a problem document"),
        (None, {}, "answers a problem document that is not JSON"),
        (PROBLEM, {"status": 400}, "answers the code route_not_found with 400"),
        (PROBLEM | {"code": "lost"}, {}, "answers the code lost with 404"),
        (PROBLEM | {"instance": "2"}, {}, "answers a problem of another request"),
        ({}, {"status": 200, "Content-Type": "application/json", "path": "/health"}, "breaks the document"),
    ],
)
def test_what_is_wrong_is_said(problem: dict[str, Any] | None, answer: dict[str, Any], what: str) -> None:
    assert said(problem, **answer).partition("\n")[0] == what
