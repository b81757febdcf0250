"""The status table: what a request that breaks the rules is answered, by status, code and field."""

from typing import Any

import pytest

from tests.e2e.rest import Client, Person

NOWHERE = "0" * 24
LONG_AGO = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI2NjVmMWY3N2JjZjg2Y2Q3OTk0MzkwMTEifQ."

# method, path, body, status, code, where
BY_ANYONE: list[tuple[str, str, Any, int, str, set[str]]] = [
    ("POST", "/api/users/register", {}, 400, "invalid_argument", {"/email", "/password", "/name"}),
    ("POST", "/api/users/register", {"email": "ada", "password": "x" * 8, "name": "A"}, 400, "invalid_argument", {"/email"}),
    (
        "POST",
        "/api/users/register",
        {"email": "a@b.co", "password": "short", "name": "A"},
        400,
        "invalid_argument",
        {"/password"},
    ),
    (
        "POST",
        "/api/users/register",
        {"email": "a@b.co", "password": "é" * 37, "name": "A"},
        400,
        "invalid_argument",
        {"/password"},
    ),
    ("POST", "/api/users/login", {"email": "a@b.co", "password": 7}, 400, "invalid_argument", {"/password"}),
    ("POST", "/api/users/login", {"email": "a@b.co", "password": "x" * 100}, 401, "invalid_credentials", set()),
    ("POST", "/api/users/login", [], 400, "invalid_argument", set()),
    ("GET", "/api/nowhere", None, 404, "route_not_found", set()),
    ("GET", "/api/tasks/", None, 404, "route_not_found", set()),
    ("POST", "/api/users/profile", {}, 405, "method_not_allowed", set()),
    ("GET", "/api/tasks", None, 401, "unauthenticated", set()),
    ("POST", "/api/tasks", {"title": "x"}, 401, "unauthenticated", set()),
    ("GET", "/api/notifications", None, 401, "unauthenticated", set()),
    ("GET", "/api/users/profile", None, 401, "unauthenticated", set()),
]
BY_A_USER: list[tuple[str, str, Any, int, str, set[str]]] = [
    ("POST", "/api/tasks", {}, 400, "invalid_argument", {"/title"}),
    ("POST", "/api/tasks", {"title": ""}, 400, "invalid_argument", {"/title"}),
    ("POST", "/api/tasks", {"title": "x" * 201}, 400, "invalid_argument", {"/title"}),
    ("POST", "/api/tasks", {"title": "x", "priority": "huge"}, 400, "invalid_argument", {"/priority"}),
    ("POST", "/api/tasks", {"title": "x", "dueTime": "tomorrow"}, 400, "invalid_argument", {"/dueTime"}),
    ("POST", "/api/tasks", {"title": "x", "labels": ["ok", 7]}, 400, "invalid_argument", {"/labels/1"}),
    ("POST", "/api/tasks", {"title": "x", "labels": ["ok", ""]}, 400, "invalid_argument", {"/labels/1"}),
    ("POST", "/api/tasks", {"title": "x", "color": "red"}, 400, "invalid_argument", {"/color"}),
    ("POST", "/api/tasks", {"title": "x", "ownerId": NOWHERE}, 400, "invalid_argument", {"/ownerId"}),
    (
        "POST",
        "/api/tasks",
        {"title": 1, "description": 2, "status": 3},
        400,
        "invalid_argument",
        {"/title", "/description", "/status"},
    ),
    ("POST", "/api/tasks?now=1", {"title": "x"}, 400, "invalid_argument", {"now"}),
    ("GET", "/api/tasks?pageSize=0", None, 400, "invalid_argument", {"pageSize"}),
    ("GET", "/api/tasks?pageSize=101", None, 400, "invalid_argument", {"pageSize"}),
    ("GET", "/api/tasks?pageSize=ten", None, 400, "invalid_argument", {"pageSize"}),
    ("GET", "/api/tasks?pageSize=1&pageSize=2", None, 400, "invalid_argument", {"pageSize"}),
    ("GET", "/api/tasks?pageToken=nonsense", None, 400, "invalid_argument", {"pageToken"}),
    ("GET", "/api/tasks?color=red", None, 400, "invalid_argument", {"color"}),
    ("GET", "/api/notifications/latest?limit=1000", None, 400, "invalid_argument", {"limit"}),
    ("GET", f"/api/tasks/{NOWHERE}", None, 404, "task_not_found", set()),
    ("GET", "/api/tasks/not-an-id", None, 404, "task_not_found", set()),
    ("PUT", f"/api/tasks/{NOWHERE}", {"title": "x"}, 404, "task_not_found", set()),
    ("PATCH", f"/api/tasks/{NOWHERE}", {"title": None}, 400, "invalid_argument", {"/title"}),
    ("DELETE", f"/api/tasks/{NOWHERE}", None, 404, "task_not_found", set()),
    ("PATCH", "/api/users/profile", {"email": "new@example.com"}, 400, "invalid_argument", {"/email"}),
    ("PATCH", "/api/users/profile", {"name": None}, 400, "invalid_argument", {"/name"}),
    ("PATCH", "/api/tasks", {}, 405, "method_not_allowed", set()),
]


def places(problem: dict[str, Any]) -> set[str]:
    return {error.get("pointer") or error["parameter"] for error in problem.get("errors", [])}


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "where"), BY_ANYONE)
async def test_anyone_is_refused(
    visitor: Client, method: str, path: str, body: Any, status: int, code: str, where: set[str]
) -> None:
    await check_refused(visitor, method, path, body, status, code, where)


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "where"), BY_A_USER)
async def test_a_user_is_refused(
    user: Person, method: str, path: str, body: Any, status: int, code: str, where: set[str]
) -> None:
    await check_refused(user, method, path, body, status, code, where)


async def check_refused(client: Client, method: str, path: str, body: Any, status: int, code: str, where: set[str]) -> None:
    answer = await client.send(method, path, body, headers={"X-Request-Id": "of-this-test"})
    problem = answer.expect(status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == "of-this-test"
    assert (problem["status"], problem["code"], problem["instance"]) == (status, code, "of-this-test")
    assert problem["title"]
    assert problem["type"].endswith(code)
    if where:
        assert places(problem) == where


@pytest.fixture(scope="module")
async def user(platform: Any) -> Any:
    from tests.e2e.rest import visiting

    async with visiting(platform.base_url) as visitor:
        yield await visitor.sign_up()


async def test_405_names_what_the_path_allows(visitor: Client) -> None:
    answer = await visitor.send("PATCH", "/api/tasks", {})
    assert {verb.strip() for verb in answer.headers["Allow"].split(",")} >= {"GET", "POST"}


async def test_401_tells_how_to_sign_in(visitor: Client) -> None:
    assert (await visitor.get("/api/tasks")).headers["WWW-Authenticate"].startswith("Bearer")
    forged = await visitor.get("/api/tasks", headers={"Authorization": f"Bearer {LONG_AGO}"})
    forged.expect(401)
    assert 'error="invalid_token"' in forged.headers["WWW-Authenticate"]


async def test_a_body_of_another_type_is_415_and_a_large_one_413(user: Person) -> None:
    text = await user.send("POST", "/api/tasks", data=b"title=x", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert text.expect(415)["code"] == "unsupported_media_type"
    large = await user.post("/api/tasks", {"title": "x", "description": "y" * 300_000})
    assert large.expect(413)["code"] == "body_too_large"


async def test_broken_json_and_bodies_where_none_belongs_are_400(user: Person) -> None:
    broken = await user.send("POST", "/api/tasks", data=b'{"title":', headers={"Content-Type": "application/json"})
    assert broken.expect(400)["code"] == "invalid_argument"
    deep = await user.send("POST", "/api/tasks", data=b"[" * 2000, headers={"Content-Type": "application/json"})
    assert deep.expect(400)["code"] == "invalid_argument"
    extra = await user.send("GET", "/api/tasks", {"title": "x"})
    assert extra.expect(400)["code"] == "invalid_argument"


async def test_at_most_20_fields_are_listed(user: Person) -> None:
    problem = (await user.post("/api/tasks", {"title": "x", "labels": [""] * 25, **{f"f{n}": 1 for n in range(30)}})).expect(400)
    assert len(problem["errors"]) == 20


async def test_an_illegal_transition_says_what_is_legal(user: Person) -> None:
    task = await user.creates()
    await user.put(f"/api/tasks/{task['id']}", {"status": "blocked"})
    problem = (await user.put(f"/api/tasks/{task['id']}", {"status": "done"})).expect(409)
    assert problem["code"] == "illegal_transition"
    assert "in_progress" in problem["detail"]
