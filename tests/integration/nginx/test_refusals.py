"""What nginx answers itself, to requests that no gateway gets to see: over raw sockets."""

import asyncio
import email
import json
import shutil
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import grpc
import pytest
from unified.task.v1.task_service_pb2 import GetTaskRequest
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub

from gateway.connections import SECURITY_HEADERS
from gateway.problems import CONTENT_TYPE
from mesh.error_codes import RULES
from tests.nginx import Nginx
from tests.platform import SERVICES
from tests.waiting import PATIENCE_S

NOWHERE = ("127.0.0.1:1",)
HOST = b"Host: localhost\r\n"
LARGE = b"x" * 20_000
CODES = {rule.code: rule for rule in RULES.values()}


@pytest.fixture(scope="session")
async def nginx(run_directory: Path) -> AsyncIterator[Nginx]:
    """With nobody behind it, and nowhere to put what is large."""
    nginx = Nginx(run_directory / "nginx_alone", {"gateways": NOWHERE, **dict.fromkeys(SERVICES, NOWHERE)})
    await nginx.start()
    shutil.rmtree(nginx.directory / "nginx" / "tmp" / "body")
    yield nginx
    await nginx.stop()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


async def answer_to(data: bytes, port: int, tls: ssl.SSLContext | None) -> Answer:
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("localhost", port, ssl=tls)
        writer.write(data)
        status_line, _, head = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        headers = email.message_from_bytes(head)
        body = await reader.readexactly(int(headers["Content-Length"]))
        writer.close()
    return Answer(int(status_line.split()[1]), headers, body)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"GET /api/tasks HTTP/1.1\r\n\r\n", "invalid_argument"),
        (b"GET /" + LARGE + b" HTTP/1.1\r\n" + HOST + b"\r\n", "invalid_argument"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X-Large: " + LARGE + b"\r\n\r\n", "invalid_argument"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: many\r\n\r\n", "invalid_argument"),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", "invalid_argument"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", "invalid_argument"),
        (b"Hello!\r\n\r\n", "invalid_argument"),
        (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", "method_not_allowed"),
        (b"GET /problem HTTP/1.1\r\n" + HOST + b"\r\n", "route_not_found"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 6000000\r\n\r\n", "body_too_large"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 400000\r\n\r\n" + b" " * 400_000, "internal"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 200000\r\n\r\n" + b" " * 200_000, "unavailable"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", "unavailable"),
    ],
)
async def test_a_refusal_is_a_problem_with_the_headers_of_every_answer(nginx: Nginx, request_: bytes, code: str) -> None:
    answer = await answer_to(request_, nginx.port, nginx.trust())

    problem, rule = json.loads(answer.body), CODES[code]
    assert answer.status == rule.http_status
    assert (problem.pop("instance"), bool(problem.pop("detail"))) == (answer.headers["X-Request-Id"], True)
    assert problem == {"type": f"/docs/errors/{code}", "title": rule.title, "status": rule.http_status, "code": code}
    expected = {**SECURITY_HEADERS, "Content-Type": CONTENT_TYPE, "Strict-Transport-Security": "max-age=31536000"}
    assert {name: answer.headers.get_all(name) for name in expected} == {name: [value] for name, value in expected.items()}
    assert (answer.headers["Allow"] is not None) == (answer.status == 405)
    assert (answer.headers["Retry-After"] == "1") == (answer.status == 503)


@pytest.mark.parametrize("request_", [b"Hello!\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
async def test_in_the_clear_too_but_for_what_counts_over_tls_alone(nginx: Nginx, request_: bytes) -> None:
    for port in (nginx.http_port, nginx.port):
        answer = await answer_to(request_, port, None)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "invalid_argument")
        assert answer.headers["Strict-Transport-Security"] is None
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_over_grpc_a_refusal_is_a_status(nginx: Nginx) -> None:
    async with nginx.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await TaskServiceStub(channel).GetTask(GetTaskRequest(), timeout=PATIENCE_S)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    assert str(raised.value.details()).startswith("the service does not answer")
