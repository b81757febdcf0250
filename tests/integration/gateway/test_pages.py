"""Health, public keys and documents: routes that no contract states, outside of limits and access."""

import gc
import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from unified.api.v1.status_service_pb2 import Figure, GetStatusResponse, Part

from gateway.contract import load_contract
from gateway.routes import NO_ROUTE, Route
from mesh.error_codes import RULES
from tests.integration.gateway.edge import Edge, edge_settings, running_edge
from tests.integration.gateway.services import ScriptedServices
from tests.integration.gateway.test_requests import chunks
from tests.waiting import eventually

OPENAPI = Path(__file__).parents[2] / "contract" / "openapi.json"
SERVICE_PAGES = {"/api/tasks/home": "task_svc", "/home/notifications/health": "notify_svc"}


async def until(edge: Edge, path: str, holds: Callable[[Any], bool]) -> Any:
    """The first answer for which it holds."""
    return await eventually(lambda: edge.call("GET", path), holds)


async def test_all_is_well(edge: Edge) -> None:
    answer = await until(edge, "/health", lambda answer: answer.json["status"] == "ok")

    assert answer.status == 200
    assert set(answer.json["parts"]) == {"gateway", "user_svc", "task_svc", "notify_svc"}
    for path in ("/health/live", "/health/ready"):
        assert (await edge.call("GET", path)).json == {"status": "ok"}
    for path, name in SERVICE_PAGES.items():
        assert (await edge.call("GET", path)).json == {"service": name, "status": "ok"}


async def test_what_is_not_well_is_named(edge: Edge, services: ScriptedServices) -> None:
    parts = [Part(name="mongodb", well=True), Part(name="rabbitmq", figures=[Figure(name="pending", value=3)])]
    services.status = GetStatusResponse(ready=True, parts=parts)
    try:
        answer = await until(edge, "/health", lambda answer: answer.json["parts"]["task_svc"]["status"] == "degraded")
        assert (answer.status, answer.json["status"]) == (200, "degraded")
        assert answer.json["parts"]["task_svc"] == {
            "status": "degraded",
            "parts": {"mongodb": {"status": "ok"}, "rabbitmq": {"status": "unavailable", "pending": 3}},
        }
        assert (await edge.call("GET", "/api/tasks/home")).status == 200
    finally:
        services.status = GetStatusResponse(ready=True)


async def test_no_service_no_health(redis_url: str) -> None:
    services = ScriptedServices()
    async with services.serving(), running_edge(edge_settings(services, redis_url)) as edge:
        await until(edge, "/health", lambda answer: answer.status == 200)
        services.status = GetStatusResponse(ready=False)

        answer = await until(edge, "/health", lambda answer: answer.status == 503)

        assert answer.json["status"] == "unavailable"
        for path in SERVICE_PAGES:
            answer = await edge.call("GET", path)
            assert (answer.status, answer.json["code"]) == (503, "unavailable")
        assert (await edge.call("GET", "/health/ready")).status == 200


async def test_a_service_that_is_gone(redis_url: str) -> None:
    services = ScriptedServices()
    async with services.serving():
        settings = edge_settings(services, redis_url)
    async with running_edge(settings) as edge:
        answer = await edge.call("GET", "/api/tasks")

        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "1")
        assert (await edge.call("GET", "/health")).status == 503
        assert (await edge.call("GET", "/health/ready")).status == 200


async def test_with_a_secret_there_are_no_public_keys(edge: Edge) -> None:
    answer = await edge.call("GET", "/.well-known/jwks.json")

    assert (answer.status, answer.json["code"]) == (404, "route_not_found")


async def test_only_what_is_public_of_a_key_is_shown(services: ScriptedServices, redis_url: str, tmp_path: Path) -> None:
    jwks_file = tmp_path / "jwks.json"
    private = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True) | {"kid": "k", "alg": "EdDSA"}
    jwks_file.write_bytes(orjson.dumps({"keys": [private]}))
    settings = edge_settings(services, redis_url, jwt_secret=None, jwt_jwks_file=jwks_file)

    async with running_edge(settings) as edge:
        answer = await edge.call("GET", "/.well-known/jwks.json")

    assert (answer.status, answer.json) == (200, {"keys": [{name: value for name, value in private.items() if name != "d"}]})


async def test_the_document_is_the_agreed_one(edge: Edge) -> None:
    answer = await edge.call("GET", "/openapi.json")

    assert answer.json == orjson.loads(OPENAPI.read_bytes())


async def test_the_document_has_every_route_but_the_pages_for_people(edge: Edge) -> None:
    routes = {each.name for each in gc.get_objects() if isinstance(each, Route)} - {NO_ROUTE.name}
    described = {f"{verb.upper()} {path}" for path, item in orjson.loads(OPENAPI.read_bytes())["paths"].items() for verb in item}

    undescribed = {shape_of(route) for route in routes} - {shape_of(each) for each in described}
    assert undescribed == {"GET /docs", "GET /docs/{}", "GET /docs/errors", "GET /docs/errors/{}"}
    assert len(routes) == len(described) + len(undescribed)


def shape_of(route: str) -> str:
    """Whatever its variables are called."""
    return re.sub(r"\{[^}]*\}", "{}", route)


async def test_the_documents_page_and_its_files_are_there(edge: Edge) -> None:
    page = await edge.call("GET", "/docs")

    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "favicon-32x32.png"):
        path = f"/docs/{name}"
        assert path in page.text
        async with edge.session.get(path) as file:
            assert file.status == 200
            assert len(await file.read()) > 100
    assert (await edge.call("GET", "/docs/LICENSE")).status == 404


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
async def test_every_error_code_has_a_page(edge: Edge, rule: Any) -> None:
    answer = await edge.call("GET", f"/docs/errors/{rule.code}")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for fact in (rule.code, html.escape(rule.title), str(rule.http_status), rule.grpc_code.name, rule.name):
        assert f">{fact}" in answer.text
    meaning = load_contract().comments[f"unified.error.v1.Reason.REASON_{rule.name}"].partition(" `")[0]
    assert html.escape(meaning) in answer.text


async def test_the_index_leads_to_every_error_code(edge: Edge) -> None:
    page = (await edge.call("GET", "/docs/errors")).text

    links = re.findall(r'href="/docs/errors/([^"]+)"', page)
    assert sorted(links) == sorted(rule.code for rule in RULES.values())
    assert (await edge.call("GET", "/docs/errors/no_such_code")).status == 404


@pytest.mark.parametrize("path", ["/docs/errors", "/docs/errors/internal"])
async def test_an_error_page_needs_nothing_that_its_policy_or_being_offline_forbids(edge: Edge, path: str) -> None:
    answer = await edge.call("GET", path)

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self';")
    assert "unsafe" not in policy
    assert not re.search(r"<script|<style|style=| on[a-z]+=|https?:", answer.text)
    for link in set(re.findall(r'(?:href|src)="([^"]+)"', answer.text)):
        async with edge.session.get(link) as response:
            assert response.status == 200


@pytest.mark.parametrize("path", ["/health", "/api/tasks/home", "/openapi.json", "/docs", "/docs/errors/internal"])
async def test_a_page_takes_neither_parameters_nor_a_body(edge: Edge, path: str) -> None:
    named = await edge.call("GET", f"{path}?x=1")
    assert (named.status, named.json["errors"][0]["parameter"]) == (400, "x")
    for body in (b"{}", chunks(b"{}")):
        assert (await edge.call("GET", path, data=body)).status == 400
    assert (await edge.call("GET", path, headers={"Content-Length": "0"})).status == 200


async def test_pages_are_outside_of_limits(edge: Edge) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/openapi.json", "/docs", "/api/tasks/home"):
        answer = await edge.call("GET", path, headers={"Authorization": None})
        assert answer.status == 200
        assert "RateLimit-Limit" not in answer.headers
