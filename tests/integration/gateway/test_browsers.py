"""HEAD and OPTIONS, and what lets pages of other origins read answers (CORS)."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Error
from unified.task.v1 import task_service_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.openapi.headers import HEADERS
from tests.integration.gateway.edge import Edge, edge_settings, running_edge
from tests.integration.gateway.services import ScriptedServices, answering
from tests.integration.gateway.test_answers import TASK

PAGE, STRANGER = "https://app.example.com", "https://evil.example.com"
OWN_HEADERS = ("Date", "RateLimit-Remaining", "RateLimit", "RateLimit-Reset")
CORS = "Access-Control-"
CHANGE = """async ([url, authorization]) => {
    const headers = {Authorization: authorization, "Content-Type": "application/json", "Idempotency-Key": "k"};
    const answer = await fetch(url, {method: "PATCH", headers, body: '{"title": "Ship it"}'});
    return [answer.status, answer.headers.get("ETag"), (await answer.json()).title];
}"""


@pytest.fixture(scope="module")
async def open_edge(shared_services: ScriptedServices, redis_databases: Iterator[str]) -> AsyncIterator[Edge]:
    """A gateway that lets pages of one origin read its answers."""
    settings = edge_settings(shared_services, next(redis_databases), cors_allowed_origins=(PAGE,), cors_allow_credentials=True)
    async with running_edge(settings) as edge:
        yield edge


def varies(answer: Any) -> set[str]:
    return {name for line in answer.headers.getall("Vary", []) for name in line.split(", ")}


def cors_of(answer: Any) -> dict[str, str]:
    return {name.removeprefix(CORS): value for name, value in answer.headers.items() if name.startswith(CORS)}


@pytest.mark.parametrize("path", [f"/api/tasks/{TASK.id}", "/api/tasks?color=red", "/health", "/openapi.json", "/nothing"])
async def test_head_answers_the_headers_of_get_and_no_body(edge: Edge, services: ScriptedServices, path: str) -> None:
    services.behaviours["GetTask"] = answering(task_service_pb2.GetTaskResponse(task=TASK))

    got, head = [await edge.call(method, path, headers={"X-Request-Id": "same"}) for method in ("GET", "HEAD")]

    assert (head.status, head.text) == (got.status, "")
    told, shown = ({name: each.headers[name] for name in each.headers if name not in OWN_HEADERS} for each in (head, got))
    assert told == shown
    assert int(head.headers["Content-Length"]) > 0


async def test_options_names_the_methods_of_every_path_without_being_counted(edge: Edge, services: ScriptedServices) -> None:
    bindings = build_bindings(load_contract().services)
    for path in {binding.template.text for binding in bindings}:
        answer = await edge.call("OPTIONS", path.replace("{id}", "1"), headers={"Authorization": None})

        own = {binding.verb for binding in bindings if binding.template.text == path}
        assert (answer.status, answer.text) == (204, "")
        assert set(answer.headers["Allow"].split(", ")) >= own | {"OPTIONS"}
        assert ("HEAD" in answer.headers["Allow"]) == ("GET" in answer.headers["Allow"])
        assert "RateLimit" not in answer.headers
    assert services.calls == []


async def test_without_origins_no_page_may_read(edge: Edge) -> None:
    headers: dict[str, str | None] = {"Origin": PAGE, "Access-Control-Request-Method": "GET"}

    for method in ("GET", "OPTIONS"):
        assert cors_of(await edge.call(method, "/api/tasks", headers=headers)) == {}


async def test_a_preflight_names_methods_and_headers(open_edge: Edge) -> None:
    asked: dict[str, str | None] = {
        "Authorization": None,
        "Origin": PAGE,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }

    answer = await open_edge.call("OPTIONS", "/api/tasks/1", headers=asked)

    told = cors_of(answer)
    assert (answer.status, told["Allow-Origin"], told["Allow-Credentials"]) == (204, PAGE, "true")
    assert told["Allow-Methods"] == answer.headers["Allow"]
    assert {"Authorization", "Idempotency-Key", "If-Match", "Last-Event-ID"} <= set(told["Allow-Headers"].split(", "))
    assert int(told["Max-Age"]) > 0


@pytest.mark.parametrize("path", ["/api/tasks", "/nothing", "/api/tasks?color=red", "/health"])
async def test_a_named_origin_may_read_answers_and_failures(open_edge: Edge, path: str) -> None:
    answer = await open_edge.call("GET", path, headers={"Origin": PAGE})

    told = cors_of(answer)
    assert (told["Allow-Origin"], varies(answer) & {"Origin"}) == (PAGE, {"Origin"})
    # What the document names, but for what is the browser's to know.
    assert set(told["Expose-Headers"].split(", ")) == {"Allow", *HEADERS} - {"Vary", "Content-Encoding"}


@pytest.mark.parametrize("origin", [STRANGER, "null", PAGE + ".evil.com", PAGE.upper(), "http://app.example.com", None])
async def test_another_origin_may_not(open_edge: Edge, origin: str | None) -> None:
    answer = await open_edge.call("GET", "/api/tasks", headers={"Origin": origin})

    assert (answer.status, cors_of(answer), varies(answer) & {"Origin"}) == (200, {}, {"Origin"})


async def test_every_origin_may_where_all_are_allowed(services: ScriptedServices, redis_url: str) -> None:
    async with running_edge(edge_settings(services, redis_url, cors_allowed_origins="*")) as edge:
        answer = await edge.call("GET", "/api/tasks", headers={"Origin": STRANGER})

    assert (cors_of(answer)["Allow-Origin"], varies(answer) & {"Origin"}) == ("*", set())


async def test_a_browser_lets_a_page_of_a_named_origin_change_things_and_no_other(
    browser: Browser, edge: Edge, services: ScriptedServices, redis_url: str
) -> None:
    services.behaviours["UpdateTask"] = answering(task_service_pb2.UpdateTaskResponse(task=TASK))
    # The page is any that is there. Its own policy would let it ask nobody.
    page = await browser.new_page(bypass_csp=True)

    async with running_edge(edge_settings(services, redis_url, cors_allowed_origins=(edge.url,))) as other:
        asked = [f"{other.url}/api/tasks/{TASK.id}", other.authorization]
        await page.goto(f"{edge.url}/health/live")
        assert await page.evaluate(CHANGE, asked) == [200, f'"{TASK.etag}"', TASK.title]

        await page.goto(f"{edge.url.replace('127.0.0.1', 'localhost')}/health/live")
        with pytest.raises(Error, match="Failed to fetch"):
            await page.evaluate(CHANGE, asked)
    await page.close()
    assert [call.method for call in services.calls] == ["UpdateTask"]
