"""The router: literals beat variables, segments are decoded one by one, and what is not there is said exactly."""

import pytest
from unified.error.v1.reason_pb2 import REASON_ROUTE_NOT_FOUND

from gateway.contract import ContractError
from gateway.errors import RestError
from gateway.routing import Router
from gateway.templates import parse_template


@pytest.fixture
def router() -> Router[str]:
    router = Router[str]()
    for verb, path in [
        ("GET", "/tasks"),
        ("POST", "/tasks"),
        ("GET", "/tasks/{id}"),
        ("DELETE", "/tasks/{id}"),
        ("POST", "/tasks/upload"),
        ("GET", "/tasks/{id}/notes/{note_id}"),
        ("GET", "/tasks/home/notes"),
        ("POST", "/only/upload"),
    ]:
        router.add(verb, parse_template(path), f"{verb} {path}")
    return router


@pytest.mark.parametrize(
    ("verb", "path", "target", "values"),
    [
        ("GET", "/tasks", "GET /tasks", []),
        ("POST", "/tasks/upload", "POST /tasks/upload", []),
        ("GET", "/tasks/1", "GET /tasks/{id}", ["1"]),
        ("HEAD", "/tasks/1", "GET /tasks/{id}", ["1"]),
        ("GET", "/tasks/upload", "GET /tasks/{id}", ["upload"]),
        ("GET", "/tasks/home/notes", "GET /tasks/home/notes", []),
        ("GET", "/tasks/home/notes/2", "GET /tasks/{id}/notes/{note_id}", ["home", "2"]),
        ("GET", "/t%61sks/a%2Fb%20c", "GET /tasks/{id}", ["a/b c"]),
        ("GET", "/tasks/%E2%82%AC", "GET /tasks/{id}", ["\u20ac"]),
        ("GET", "/tasks/..", "GET /tasks/{id}", [".."]),
    ],
)
def test_finds(router: Router[str], verb: str, path: str, target: str, values: list[str]) -> None:
    assert router.match(verb, path) == (target, values)


@pytest.mark.parametrize(
    "path", ["/", "", "/task", "/tasks/", "//tasks", "/tasks/1/", "/tasks/1/notes", "/TASKS", "/tasks/%ff", "/tasks/\udcff"]
)
def test_nothing_is_there(router: Router[str], path: str) -> None:
    with pytest.raises(RestError) as raised:
        router.match("GET", path)
    assert raised.value.reason == REASON_ROUTE_NOT_FOUND
    with pytest.raises(RestError):
        router.allow(path)


@pytest.mark.parametrize(
    ("verb", "path", "allow"),
    [
        ("PUT", "/tasks", "GET, HEAD, OPTIONS, POST"),
        ("PUT", "/tasks/upload", "DELETE, GET, HEAD, OPTIONS, POST"),
        ("POST", "/tasks/1", "DELETE, GET, HEAD, OPTIONS"),
        ("HEAD", "/only/upload", "OPTIONS, POST"),
    ],
)
def test_another_method_is_answered_with_those_of_all_matching_paths(
    router: Router[str], verb: str, path: str, allow: str
) -> None:
    with pytest.raises(RestError) as raised:
        router.match(verb, path)
    assert raised.value.headers == {"Allow": allow}
    assert router.allow(path) == allow


def test_two_routes_for_the_same_requests_are_refused(router: Router[str]) -> None:
    with pytest.raises(ContractError, match=r"two routes for GET /tasks/\{other\}"):
        router.add("GET", parse_template("/tasks/{other}"), "")
