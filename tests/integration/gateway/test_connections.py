"""What never becomes a request is answered like everything else, and stopping loses nothing."""

import asyncio

import aiohttp
import orjson
import pytest
from unified.task.v1 import task_service_pb2

import gateway.listening
from tests.integration.gateway.edge import Edge, edge_settings, running_edge
from tests.integration.gateway.services import ScriptedServices
from tests.waiting import PATIENCE_S


async def send(port: int, data: bytes) -> tuple[str, dict[str, object]]:
    """The head of the answer and its JSON, on a connection that the server closes."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    return head.decode(), orjson.loads(body)


@pytest.mark.parametrize(
    "data",
    [
        b"rubbish\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /api/tasks HTTP/9.9\r\n\r\n",
        b"GET /api/tasks HTTP/1.1\r\nA b: c\r\n\r\n",
        b"BREW /api/tasks HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /api/tasks HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 10_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/tasks HTTP/1.1\r\n" + b"".join(b"A%d: x\r\n" % i for i in range(200)) + b"\r\n",
    ],
    ids=["rubbish", "tls", "version", "header", "method", "smuggling", "long header", "long target", "many headers"],
)
async def test_what_is_not_http_is_answered_with_a_problem(edge: Edge, data: bytes) -> None:
    head, problem = await send(edge.port, data)

    assert head.startswith(("HTTP/1.1 400 ", "HTTP/1.0 400 "))
    assert problem["code"] == "invalid_argument"
    assert f"X-Request-Id: {problem['instance']}" in head
    assert "Server:" not in head


async def test_a_body_that_breaks_its_framing_is_answered_with_a_problem(edge: Edge) -> None:
    head = b"PUT /api/tasks/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
    token = f"Authorization: {edge.authorization}\r\n".encode()

    answer, problem = await send(edge.port, head + token + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")

    assert (answer.split()[1], problem["code"]) == ("400", "invalid_argument")


async def test_a_stop_finishes_what_is_under_way(
    services: ScriptedServices, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the stop would be over before readiness was asked for.
    monkeypatch.setattr(gateway.listening, "GOODBYE_S", 5.0)
    began, finish = asyncio.Event(), asyncio.Event()

    async def create(_: object) -> task_service_pb2.CreateTaskResponse:
        began.set()
        await finish.wait()
        return task_service_pb2.CreateTaskResponse()

    services.behaviours["CreateTask"] = create
    async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as outside:
        async with running_edge(edge_settings(services, redis_url, drain_seconds=10)) as edge:
            call = asyncio.create_task(Edge(edge.port, outside).call("POST", f"{edge.url}/api/tasks", json={"title": "x"}))
            await began.wait()
            stop = asyncio.create_task(_stopping_answers(edge, finish))
        answer = await call

    assert (answer.status, answer.headers["Connection"]) == (201, "close")
    assert await stop == (503, "close")


async def _stopping_answers(edge: Edge, finish: asyncio.Event) -> tuple[int, str]:
    """What readiness says, and whether it closes its connection, once the stop has begun."""
    async with aiohttp.ClientSession() as session:
        while True:
            answer = await Edge(edge.port, session).call("GET", f"{edge.url}/health/ready")
            if answer.status != 200:
                finish.set()
                return answer.status, answer.headers["Connection"]
            await asyncio.sleep(0.01)
