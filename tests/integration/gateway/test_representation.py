"""What of an answer is sent: nothing when the client has it, gzip when it is large and the client takes it."""

import gzip
from typing import Any

import aiohttp
import pytest
from unified.task.v1 import task_pb2, task_service_pb2

from tests.integration.gateway.edge import Edge
from tests.integration.gateway.services import ScriptedServices, answering
from tests.integration.gateway.test_answers import TASK

PATH = f"/api/tasks/{TASK.id}"
LARGE = task_pb2.Task(id=TASK.id, title="Ship it", description="words and words " * 300, etag="3")
HUGE = task_pb2.Task(id=TASK.id, description="é" * 100_000, etag="3")


@pytest.fixture
def task(services: ScriptedServices) -> None:
    services.behaviours["GetTask"] = answering(task_service_pb2.GetTaskResponse(task=TASK))


async def raw(edge: Edge, path: str, accept: str | None, **headers: str) -> tuple[int, Any, bytes]:
    """Status, headers and the bytes as they came."""
    sent = {"Authorization": edge.authorization, **headers} | ({} if accept is None else {"Accept-Encoding": accept})
    async with (
        aiohttp.ClientSession(edge.url, auto_decompress=False, skip_auto_headers=["Accept-Encoding"]) as session,
        session.get(path, headers=sent) as response,
    ):
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize("header", ['"3"', 'W/"3"', "3", "*", '"1", "3"', ' "1" ,W/"3"'])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_the_client_has_is_not_sent_again(edge: Edge, task: None, method: str, header: str) -> None:
    answer = await edge.call(method, PATH, headers={"If-None-Match": header})

    assert (answer.status, answer.text, answer.headers["ETag"]) == (304, "", '"3"')
    assert "X-Request-Id" in answer.headers
    assert not {"Content-Type", "Content-Length"} & set(answer.headers)


@pytest.mark.parametrize("header", ['"4"', '"33"', '"1", "2"'])
async def test_what_has_changed_is_sent(edge: Edge, task: None, header: str) -> None:
    answer = await edge.call("GET", PATH, headers={"If-None-Match": header})

    assert (answer.status, answer.json["etag"]) == (200, "3")


async def test_without_an_etag_everything_is_sent(edge: Edge) -> None:
    assert (await edge.call("GET", "/api/tasks", headers={"If-None-Match": "*"})).status == 200


async def test_the_condition_is_for_reading_alone(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["UpdateTask"] = answering(task_service_pb2.UpdateTaskResponse(task=TASK))

    assert (await edge.call("PATCH", PATH, json={"title": "x"}, headers={"If-None-Match": '"3"'})).status == 200


async def test_a_failure_is_never_what_the_client_has(edge: Edge) -> None:
    assert (await edge.call("GET", "/nothing", headers={"If-None-Match": "*"})).status == 404


@pytest.mark.parametrize("header", ['"a"b"', '"1",,"3"', "\u00e9", '"1" "3"'])
async def test_what_is_no_entity_tag_is_named(edge: Edge, task: None, header: str) -> None:
    answer = await edge.call("GET", PATH, headers={"If-None-Match": header})

    assert answer.status == 400
    assert answer.json["errors"] == [{"parameter": "If-None-Match", "message": "must be entity tags separated by commas, or *"}]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/errors/internal"])
async def test_a_document_is_sent_again_only_when_it_has_changed(edge: Edge, path: str) -> None:
    first = await edge.call("GET", path)

    answer = await edge.call("GET", path, headers={"If-None-Match": first.headers["ETag"]})

    assert (answer.status, answer.text, answer.headers["Cache-Control"]) == (304, "", "no-cache")
    # A browser takes it for what it has.
    assert answer.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


@pytest.mark.parametrize("accept", ["gzip", "br;q=1.0, GZIP;q=0.8", "*", "deflate, *;q=0.1", "x-gzip"])
@pytest.mark.parametrize("task", [LARGE, HUGE], ids=["large", "huge"])
async def test_a_large_answer_is_zipped_for_those_who_take_it(
    edge: Edge, services: ScriptedServices, task: task_pb2.Task, accept: str
) -> None:
    services.behaviours["GetTask"] = answering(task_service_pb2.GetTaskResponse(task=task))

    plain, zipped = await raw(edge, PATH, None), await raw(edge, PATH, accept)

    assert gzip.decompress(zipped[2]) == plain[2]
    assert len(zipped[2]) < len(plain[2]) / 10
    assert (plain[1]["ETag"], zipped[1]["ETag"]) == ('"3"', 'W/"3"')
    assert plain[1]["Vary"] == zipped[1]["Vary"] == "Accept-Encoding"
    assert zipped[1]["Content-Encoding"] == "gzip"
    assert (await raw(edge, PATH, accept, **{"If-None-Match": zipped[1]["ETag"]}))[0] == 304


@pytest.mark.parametrize("accept", [None, "", "identity", "br", "gzip;q=0", "*, gzip;q=0.0", "gzip;q=nonsense"])
async def test_an_answer_is_not_zipped_for_those_who_do_not_take_it(
    edge: Edge, services: ScriptedServices, accept: str | None
) -> None:
    services.behaviours["GetTask"] = answering(task_service_pb2.GetTaskResponse(task=LARGE))

    _, headers, body = await raw(edge, PATH, accept)

    assert ("Content-Encoding" in headers, body[:1]) == (False, b"{")


async def test_a_small_answer_is_not_zipped(edge: Edge, task: None) -> None:
    _, headers, body = await raw(edge, PATH, "gzip")

    assert not {"Content-Encoding", "Vary"} & set(headers)
    assert body[:1] == b"{"
