"""The Python client repeats what may be repeated, and nothing else, against a server that fails as often as a test wants."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from unified_client import ApiError, Client, Retries, UnreachableError

TASK = {"id": "1", "title": "Ship it", "status": "todo", "priority": "low"}


class Failing:
    """Answers as it is told to, and then with a task; remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Callable[[], web.Response]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.paths.append(request.raw_path)
        self.keys.append(request.headers.get("Idempotency-Key"))
        return self.answers.pop(0)() if self.answers else web.json_response(TASK)


def refused(status: int, code: str, retry_after: str = "0") -> Callable[[], web.Response]:
    problem = {"code": code, "detail": "no", "errors": [{"pointer": "/title", "message": "must not be empty"}]}
    return lambda: web.json_response(problem, status=status, headers={"Retry-After": retry_after})


@pytest.fixture
async def server() -> AsyncIterator[tuple[Failing, str]]:
    failing, app = Failing(), web.Application()
    app.router.add_route("*", "/{path:.*}", failing.answer)
    async with TestServer(app) as running:
        yield failing, str(running.make_url("/"))


async def test_a_write_is_repeated_under_one_key(server: tuple[Failing, str]) -> None:
    failing, url = server
    failing.answers = [refused(503, "unavailable"), refused(409, "idempotency_in_progress")]
    async with Client(url) as client:
        assert (await client.tasks.create_task(title="Ship it")).title == "Ship it"
    assert len(failing.keys) == 3
    assert len(set(failing.keys)) == 1
    assert failing.keys[0]


async def test_what_may_have_been_done_and_has_no_key_is_not_repeated(server: tuple[Failing, str]) -> None:
    failing, url = server
    failing.answers = [refused(503, "unavailable")]
    async with Client(url) as client:
        with pytest.raises(ApiError, match="503 unavailable"):
            await client.users.register(email="ada@example.com", password="correct horse", name="Ada")
    assert failing.keys == [None]


async def test_a_refusal_says_what_is_wrong_where(server: tuple[Failing, str]) -> None:
    failing, url = server
    failing.answers = [refused(400, "invalid_argument")]
    async with Client(url) as client:
        with pytest.raises(ApiError) as raised:
            await client.tasks.create_task(title="")
    assert (raised.value.status, raised.value.code) == (400, "invalid_argument")
    assert [(each.place, each.message) for each in raised.value.fields] == [("/title", "must not be empty")]
    assert len(failing.keys) == 1


async def test_a_wait_that_is_longer_than_the_time_left_is_not_waited(server: tuple[Failing, str]) -> None:
    failing, url = server
    failing.answers = [refused(429, "rate_limited", retry_after="600")]
    async with Client(url) as client:
        with pytest.raises(ApiError) as raised:
            await client.tasks.get_task("1")
    assert raised.value.retry_after_s == 600
    assert len(failing.keys) == 1


async def test_attempts_end(server: tuple[Failing, str]) -> None:
    failing, url = server
    failing.answers = [refused(503, "unavailable")] * 5
    async with Client(url, retries=Retries(attempts=2)) as client:
        with pytest.raises(ApiError):
            await client.tasks.get_task("1")
    assert len(failing.keys) == 2


async def test_who_is_not_there_is_unreachable(server: tuple[Failing, str]) -> None:
    async with Client("http://127.0.0.1:9", retries=Retries(attempts=2, timeout_s=5)) as client:
        with pytest.raises(UnreachableError):
            await client.tasks.get_task("1")


async def test_ids_cannot_leave_their_place_in_the_path(server: tuple[Failing, str]) -> None:
    failing, url = server
    async with Client(url) as client:
        await client.tasks.get_task("../users/profile?x=1#y")
    assert failing.paths == ["/api/tasks/..%2Fusers%2Fprofile%3Fx=1%23y"]
