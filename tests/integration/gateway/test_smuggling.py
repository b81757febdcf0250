"""Requests that somebody before us could read otherwise, and clients that are slow: over raw sockets."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gateway.connections import EdgeServer
from gateway.cors import Cors
from mesh.logs import request_id
from tests.integration.gateway.edge import HASTY_S, Edge
from tests.integration.gateway.services import ScriptedServices
from tests.waiting import PATIENCE_S, eventually, until

BODY = b'{"title":"x"}'
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"d\r\n" + BODY + b"\r\n0\r\n\r\n"


async def until_closed(port: int, data: bytes) -> list[int]:
    """The statuses of the answers on a connection that the server closes."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        answers = await reader.read()
        writer.close()
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d+)", answers)]


def get(edge: Edge, headers: bytes = b"") -> bytes:
    return b"GET /api/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: " + edge.authorization.encode() + b"\r\n" + headers + b"\r\n"


def post(edge: Edge, headers: bytes, body: bytes = BODY, version: bytes = b"1.1") -> bytes:
    head = b"POST /api/tasks HTTP/" + version + b"\r\nHost: x\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n"
    return head + b"Authorization: " + edge.authorization.encode() + b"\r\n" + headers + b"\r\n" + body


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 13\r\n" + CHUNKED,
        CHUNKED + b"Content-Length: 13\r\n",
        b"Content-Length: 13\r\nContent-Length: 13\r\n",
        b"Content-Length: 13\r\nContent-Length: 14\r\n",
        b"Content-Length: 13, 13\r\n",
        b"Content-Length: +13\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 0xd\r\n",
        b"Content-Length: 1_3\r\n",
        b"Content-Length: \r\n",
        b"Content-Length: 99999999999999999999999999\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding:\r\n chunked\r\n",
        CHUNKED + CHUNKED,
        CHUNKED + b"X-Folded: a\r\n b\r\n",
        CHUNKED + b"X-Bare: a\rX-B: b\r\n",
        CHUNKED + b"X-Zero: a\0b\r\n",
        CHUNKED + b"No colon\r\n",
    ],
)
async def test_a_body_whose_length_is_in_doubt_is_refused(edge: Edge, services: ScriptedServices, framing: bytes) -> None:
    body = CHUNKS if b"chunked" in framing else BODY

    # Whatever was left would be read as the next request.
    assert await until_closed(edge.port, post(edge, framing, body) + get(edge)) == [400]
    assert services.calls == []


async def test_chunks_are_not_for_http_1_0(edge: Edge, services: ScriptedServices) -> None:
    assert await until_closed(edge.port, post(edge, CHUNKED, CHUNKS, b"1.0") + get(edge)) == [400]
    assert services.calls == []


@pytest.mark.parametrize(
    "chunks",
    [
        b"0xd\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"+d\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"-d\r\n" + BODY + b"\r\n0\r\n\r\n",
        b" d\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"d \r\n" + BODY + b"\r\n0\r\n\r\n",
        b"d\n" + BODY + b"\n0\n\n",
        b"d\r\n" + BODY + b"XX0\r\n\r\n",
        b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFFFFF\r\n" + BODY + b"\r\n0\r\n\r\n",
    ],
)
async def test_a_chunk_of_no_clear_size_is_refused(edge: Edge, services: ScriptedServices, chunks: bytes) -> None:
    assert await until_closed(edge.port, post(edge, CHUNKED, chunks) + get(edge)) == [400]
    assert services.calls == []


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /health HTTP/1.1\nHost: a\n\n",
        b"GET /hea lth HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_a_head_that_breaks_the_rules_is_refused(edge: Edge, request_: bytes) -> None:
    assert await until_closed(edge.port, request_) == [400]


async def test_requests_that_come_together_are_answered_in_turn(edge: Edge, services: ScriptedServices) -> None:
    nothing = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    requests = get(edge) + nothing + post(edge, b"Content-Length: 13\r\n") + nothing + get(edge, b"Connection: close\r\n")

    assert await until_closed(edge.port, requests) == [200, 404, 201, 404, 200]
    assert [call.method for call in services.calls] == ["ListTasks", "CreateTask", "ListTasks"]


async def test_a_refused_body_is_not_read_as_the_next_request(edge: Edge, services: ScriptedServices) -> None:
    inner = get(edge)
    length = b"Content-Length: %d\r\n" % len(inner)

    assert await until_closed(edge.port, post(edge, length, inner) + get(edge, b"Connection: close\r\n")) == [400, 200]
    assert [call.method for call in services.calls] == ["ListTasks"]


async def test_what_was_meant_for_a_tunnel_is_not_read_as_a_request(edge: Edge, services: ScriptedServices) -> None:
    assert await until_closed(edge.port, b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n" + get(edge)) == [404]
    assert services.calls == []


async def test_two_access_tokens_are_none(edge: Edge, services: ScriptedServices) -> None:
    second = b"Authorization: " + edge.authorization.encode() + b"\r\nConnection: close\r\n"

    assert await until_closed(edge.port, get(edge, second)) == [401]
    assert services.calls == []


@pytest.mark.parametrize("part", [b"G", b"GET /health HTTP/1.1\r\nHost: x\r\nX-A", b"\r\n"])
async def test_a_head_that_does_not_come_ends_the_connection(hasty_edge: Edge, part: bytes) -> None:
    assert await until_closed(hasty_edge.port, part) == []


async def test_a_head_that_comes_byte_by_byte_ends_a_connection_that_was_used(hasty_edge: Edge) -> None:
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", hasty_edge.port)
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /health HTTP/1.1\r\nX-A: ")
        closed = asyncio.create_task(reader.read())
        while not closed.done():
            writer.write(b"x")
            await asyncio.wait([closed], timeout=HASTY_S / 5)
        assert closed.exception() or b"HTTP" not in closed.result()
        writer.close()


async def test_a_head_that_came_in_parts_leaves_its_connection_open(hasty_edge: Edge) -> None:
    answered = await eventually(lambda: answered_in_parts(hasty_edge.port))
    assert answered
    reader, writer = answered
    idle = asyncio.create_task(reader.read())
    await asyncio.wait([idle], timeout=2 * HASTY_S)
    assert not idle.done()
    writer.close()
    await idle


async def answered_in_parts(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """A connection whose head came in parts and was answered. Nothing where the last part came too late."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health/live HTTP/1.1\r\n")
    await asyncio.sleep(HASTY_S / 5)
    writer.write(b"Host: x\r\n\r\n")
    try:
        await reader.readuntil(b"}")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
        return None
    return reader, writer


async def test_a_body_that_does_not_come_ends_the_connection(hasty_edge: Edge) -> None:
    length, chunks = b"Content-Length: 13\r\n", [b"d\r\n" + BODY[:5], b"d", b"", b"7FFFFFFFFFFFFFFF\r\n" + CHUNKS]
    parts = [post(hasty_edge, length, BODY[:5]), *(post(hasty_edge, CHUNKED, chunk) for chunk in chunks)]

    assert await asyncio.gather(*(until_closed(hasty_edge.port, part) for part in parts)) == [[400]] * len(parts)


@asynccontextmanager
async def serving(size: int, asked: asyncio.Event) -> AsyncIterator[tuple[EdgeServer, int]]:
    """An edge that answers everything with so many bytes, and says when it is asked."""

    async def answer(_: object) -> web.Response:
        asked.set()
        request_id.set("1")
        return web.Response(body=b"x" * size)

    server = EdgeServer(answer, Cors((), credentials=False), max_header_bytes=8190, patience_s=HASTY_S)
    listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    async with listening:
        yield server, listening.sockets[0].getsockname()[1]
        await server.shutdown(0)


async def test_a_client_that_takes_nothing_of_its_answer_is_forgotten() -> None:
    asked = asyncio.Event()
    async with serving(10_000_000, asked) as (server, port):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)  # noqa: FBT003
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
            await asyncio.get_running_loop().sock_sendall(client, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(asked.wait(), PATIENCE_S)

            await until(lambda: not server.connections)
