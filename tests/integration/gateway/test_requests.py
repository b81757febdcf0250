"""What the edge takes from an HTTP request, and what it refuses."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from unified.task.v1 import task_pb2, task_service_pb2

from tests.integration.gateway.edge import HASTY_S, Edge, access_token
from tests.integration.gateway.services import ScriptedServices
from tests.waiting import PATIENCE_S

JSON = {"Content-Type": "application/json"}


async def chunks(*parts: bytes, pause_s: float = 0) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(pause_s)


async def test_the_request_id_travels_with_the_call(edge: Edge, services: ScriptedServices) -> None:
    answer = await edge.call("GET", "/api/tasks", headers={"X-Request-Id": "my-id_1.2"})

    assert answer.headers["X-Request-Id"] == services.calls[0].metadata["x-request-id"] == "my-id_1.2"


@pytest.mark.parametrize("sent", ["", "a b", "a" * 129, "é", 'a"b'])
async def test_a_request_id_that_is_not_sane_is_replaced(edge: Edge, services: ScriptedServices, sent: str) -> None:
    answer = await edge.call("GET", "/api/tasks", headers={"X-Request-Id": sent})

    assert len(answer.headers["X-Request-Id"]) == 32
    assert services.calls[0].metadata["x-request-id"] == answer.headers["X-Request-Id"]


async def test_a_trace_goes_on_in_the_call_although_nobody_collects_it(edge: Edge, services: ScriptedServices) -> None:
    sent = f"00-{'1a' * 16}-{'2b' * 8}-01"

    await edge.call("GET", "/api/tasks", headers={"traceparent": sent})
    await edge.call("GET", "/api/tasks", headers={"traceparent": "00-rubbish"})
    await edge.call("GET", "/api/tasks", headers={"traceparent": f"{sent}, {sent}"})

    assert [call.metadata.get("traceparent") for call in services.calls] == [sent, None, None]


async def test_the_callers_own_token_travels_with_the_call(edge: Edge, services: ScriptedServices) -> None:
    token = access_token()

    await edge.call("GET", "/api/tasks", headers={"Authorization": f"bearer {token}"})

    assert services.calls[0].metadata["authorization"] == f"Bearer {token}"


async def test_a_method_for_everyone_ignores_tokens(edge: Edge, services: ScriptedServices) -> None:
    body = {"email": "a@b.co", "password": "x"}

    answer = await edge.call("POST", "/api/users/login", json=body, headers={"Authorization": "Bearer rubbish"})

    assert answer.status == 200
    assert "authorization" not in services.calls[0].metadata


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, 'Bearer realm="unified"'),
        ("Basic YTpi", 'Bearer realm="unified", error="invalid_token"'),
        ("Bearer", 'Bearer realm="unified", error="invalid_token"'),
        ("Bearer rubbish", 'Bearer realm="unified", error="invalid_token"'),
        ("Bearer \u00e9", 'Bearer realm="unified", error="invalid_token"'),
        (f"Bearer {access_token(exp=int(time.time()) - 10)}", 'Bearer realm="unified", error="invalid_token"'),
        (f"Bearer {access_token(aud='others')}", 'Bearer realm="unified", error="invalid_token"'),
    ],
)
async def test_no_valid_token_no_call(edge: Edge, services: ScriptedServices, authorization: str | None, challenge: str) -> None:
    answer = await edge.call("GET", "/api/tasks", headers={"Authorization": authorization})

    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == challenge
    assert services.calls == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("OPTIONS", "/nothing", 404, "route_not_found"),
        ("GET", "/nothing", 404, "route_not_found"),
        ("GET", "/api/tasks/", 404, "route_not_found"),
        ("GET", "/api/tasks/1/", 404, "route_not_found"),
        ("GET", "/", 404, "route_not_found"),
        ("PATCH", "/api/tasks", 405, "method_not_allowed"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("TRACE", "/api/tasks", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there(edge: Edge, method: str, path: str, status: int, code: str) -> None:
    answer = await edge.call(method, path)

    assert (answer.status, answer.json["code"]) == (status, code)
    if status == 405:
        assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/merge-patch+json"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": "nonsense"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "Application/JSON; charset=UTF-8"}, 201),
        ({"Content-Type": "application/json", "Content-Encoding": "identity"}, 201),
    ],
)
async def test_content_types(edge: Edge, headers: dict[str, str | None], status: int) -> None:
    body = orjson.dumps({"title": "x"})
    body = gzip.compress(body) if headers.get("Content-Encoding") == "gzip" else body

    answer = await edge.call("POST", "/api/tasks", data=body, headers=headers)

    assert answer.status == status
    if status == 415:
        assert answer.json["code"] == "unsupported_media_type"


async def test_a_merge_patch_may_say_so(edge: Edge) -> None:
    headers: dict[str, str | None] = {"Content-Type": "application/merge-patch+json"}

    assert (await edge.call("PATCH", "/api/tasks/1", data=b"{}", headers=headers)).status == 200
    assert (await edge.call("PUT", "/api/tasks/1", data=b"{}", headers=headers)).status == 415


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b'{"title": "a"} x', b"\xff", b'{"title": "\\ud800"}', b'{"title": NaN}'],
)
async def test_a_body_that_is_no_json_object(edge: Edge, services: ScriptedServices, body: bytes) -> None:
    answer = await edge.call("POST", "/api/tasks", data=body, headers={**JSON})

    assert (answer.status, answer.json["code"]) == (400, "invalid_argument")
    assert services.calls == []


async def test_a_key_that_is_there_twice_is_named(edge: Edge, services: ScriptedServices) -> None:
    body = b'{"title": "a", "labels": [], "title": "b"}'

    answer = await edge.call("POST", "/api/tasks", data=body, headers={**JSON})

    assert (answer.status, answer.json["errors"]) == (400, [{"pointer": "/title", "message": "is there twice"}])
    assert services.calls == []


@pytest.mark.parametrize("depth", [33, 990, 1000, 100_000])
async def test_json_that_is_too_deep(edge: Edge, depth: int) -> None:
    for body in (b"[" * depth + b"]" * depth, b'{"title":' * depth + b"1" + b"}" * depth):
        assert (await edge.call("POST", "/api/tasks", data=body[: 256 * 1024], headers={**JSON})).status == 400


async def test_json_may_be_32_levels_deep(edge: Edge) -> None:
    for depth, complaint in ((32, "title must be a string"), (33, "the body is nested deeper than 32 levels")):
        body = b'{"title":' * depth + b"1" + b"}" * depth
        assert (await edge.call("POST", "/api/tasks", data=body, headers={**JSON})).json["detail"] == complaint


async def test_a_body_that_is_too_large(edge: Edge, services: ScriptedServices) -> None:
    fits = b'{"title":"x"}'.ljust(256 * 1024)

    assert (await edge.call("POST", "/api/tasks", data=fits, headers={**JSON})).status == 201
    for body in (fits + b" ", chunks(fits, b" ")):
        answer = await edge.call("POST", "/api/tasks", data=body, headers={**JSON})
        assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert len(services.calls) == 1


async def test_a_body_that_does_not_come(hasty_edge: Edge) -> None:
    body = chunks(b'{"title":', b'"x"}', pause_s=PATIENCE_S)

    answer = await hasty_edge.call("POST", "/api/tasks", data=body, headers={**JSON})

    assert (answer.status, answer.json["detail"]) == (400, f"the body did not arrive within {HASTY_S} seconds")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_body_where_none_belongs(edge: Edge, services: ScriptedServices, method: str) -> None:
    for body in (b"{}", chunks(b"{}")):
        answer = await edge.call(method, "/api/tasks/1", data=body, headers={**JSON})
        assert (answer.status, answer.json["code"]) == (400, "invalid_argument")
    assert services.calls == []
    assert (await edge.call(method, "/api/tasks/1", data=chunks())).status in (200, 204)


async def test_a_client_that_asks_first_is_told_to_go_on(edge: Edge) -> None:
    answer = await edge.call("POST", "/api/tasks", json={"title": "x"}, expect100=True)

    assert answer.status == 201


async def test_a_client_that_asks_first_is_refused_before_it_sends(edge: Edge) -> None:
    answer = await edge.call("POST", "/api/tasks", data=b"x" * 300_000, headers={**JSON}, expect100=True)

    assert answer.status == 413


@pytest.mark.parametrize(
    ("header", "etag"),
    [(None, ""), ("*", ""), ('"3"', "3"), ('W/"3"', "3"), ("3", "3"), ('"a-b_c"', "a-b_c")],
)
async def test_if_match_becomes_the_etag(edge: Edge, services: ScriptedServices, header: str | None, etag: str) -> None:
    await edge.call("PUT", "/api/tasks/1", json={"title": "x"}, headers={"If-Match": header})
    await edge.call("DELETE", "/api/tasks/1", headers={"If-Match": header})

    assert [call.request.etag for call in services.calls] == [etag, etag]


@pytest.mark.parametrize("header", ['"1", "2"', '""', "\u00e9", '"a"b"', '"1', '1"'])
async def test_if_match_must_be_one_tag(edge: Edge, header: str) -> None:
    answer = await edge.call("DELETE", "/api/tasks/1", headers={"If-Match": header})

    assert answer.status == 400
    assert answer.json["errors"] == [{"parameter": "If-Match", "message": "must be one entity tag"}]


@pytest.mark.parametrize("second", ['"2"', "*"])
async def test_if_match_must_not_stand_there_twice(edge: Edge, services: ScriptedServices, second: str) -> None:
    headers = [("Authorization", edge.authorization), ("If-Match", '"1"'), ("If-Match", second)]
    async with edge.session.delete("/api/tasks/1", headers=headers) as answer:
        problem = await answer.json(content_type=None)

    assert (answer.status, problem["errors"][0]["parameter"], services.calls) == (400, "If-Match", [])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/notifications/1", None),
        ("POST", "/api/tasks", {"title": "x"}),
        ("POST", "/api/tasks/1/restore", None),
    ],
)
async def test_what_looks_at_no_etag_refuses_if_match(
    edge: Edge, services: ScriptedServices, method: str, path: str, body: Any
) -> None:
    refused = await edge.call(method, path, json=body, headers={"If-Match": '"1"'})

    assert (refused.status, services.calls) == (400, [])
    assert refused.json["errors"] == [{"parameter": "If-Match", "message": "is not known here; only * may be sent"}]
    assert (await edge.call(method, path, json=body, headers={"If-Match": "*"})).status < 300


async def test_null_clears_and_what_is_not_sent_stays(edge: Edge, services: ScriptedServices) -> None:
    await edge.call("PATCH", "/api/tasks/a%2Fb", json={"dueTime": None, "status": "DONE"})

    assert services.calls[0].request == task_service_pb2.UpdateTaskRequest(
        id="a/b", task=task_pb2.Task(status=task_pb2.STATUS_DONE), update_mask=FieldMask(paths=["due_time", "status"])
    )


async def test_a_write_goes_on_when_its_client_leaves(edge: Edge, services: ScriptedServices) -> None:
    began, finish, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def create(_: object) -> task_service_pb2.CreateTaskResponse:
        began.set()
        await finish.wait()
        finished.set()
        return task_service_pb2.CreateTaskResponse()

    services.behaviours["CreateTask"] = create
    client = asyncio.create_task(edge.call("POST", "/api/tasks", json={"title": "x"}))
    await began.wait()
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)
    finish.set()

    async with asyncio.timeout(PATIENCE_S):
        await finished.wait()
