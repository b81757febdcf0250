"""What clients have sent of bodies that are not whole yet has its bounds, and keeps nobody from small requests."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import orjson
import pytest

from gateway.body_room import FREE_BYTES
from tests.integration.gateway.edge import Answer, Edge, edge_settings, running_edge
from tests.integration.gateway.services import ScriptedServices
from tests.metrics import counted
from tests.waiting import PATIENCE_S, eventually, until

MIB = 1024 * 1024
# Two of five bodies fit, of which so much has been sent.
PART = b" " * (2 * MIB)
ROOM = 4 * MIB


@pytest.fixture
async def narrow_edge(services: ScriptedServices, redis_url: str) -> AsyncIterator[Edge]:
    """A gateway that holds 4 MiB of arriving bodies."""
    async with running_edge(edge_settings(services, redis_url, max_arriving_body_bytes=ROOM, body_timeout_seconds=60)) as edge:
        yield edge


class Sender:
    """A client that sends a part of a batch. `refusal` is what it is answered before it has sent the rest."""

    def __init__(self, edge: Edge, part: bytes = PART) -> None:
        self._part, self.has_sent = part, False
        lines = ["POST /api/tasks/batch HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {ROOM}"]
        self._head = "\r\n".join([*lines, f"Authorization: {edge.authorization}", "", ""]).encode()
        self._port = edge.port
        self.refusal = asyncio.create_task(self._run())

    async def _run(self) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self._head + self._part)
            await writer.drain()
            self.has_sent = True
            return await reader.readuntil(b"}")
        finally:
            writer.close()

    async def leave(self) -> None:
        self.refusal.cancel()
        await asyncio.gather(self.refusal, return_exceptions=True)


def held() -> float:
    return counted("unified_http_arriving_body_bytes")


async def test_bodies_that_do_not_end_take_no_more_room_than_there_is(narrow_edge: Edge) -> None:
    async def send_large() -> Answer:
        body = orjson.dumps({"operations": [{"create": {"title": "x"}}]}) + PART
        headers: dict[str, str | None] = {"Content-Type": "application/json"}
        return await narrow_edge.call("POST", "/api/tasks/batch", data=BytesIO(body), headers=headers)

    senders = [Sender(narrow_edge) for _ in range(5)]
    async with asyncio.timeout(PATIENCE_S):
        ends = asyncio.as_completed([sender.refusal for sender in senders])
        refusals = [await next(ends) for _ in range(3)]

    for refusal in refusals:
        assert refusal.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"overloaded"' in refusal
        assert b"Retry-After: 1\r\n" in refusal
    # Of the bodies that have room, a part may still be on its way.
    await until(lambda: held() == 2 * (len(PART) - FREE_BYTES))
    assert (await send_large()).status == 503
    assert (await narrow_edge.call("POST", "/api/tasks", json={"title": "x", "description": "y" * 10_000})).status == 201
    # Who leaves makes room.
    for sender in senders:
        await sender.leave()
    await eventually(send_large, lambda answer: answer.status == 200)
    assert [(await send_large()).status for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(("sent", "is_counted"), [(0, False), (1000, False), (MIB, True)])
async def test_clients_that_leave_within_their_bodies_keep_nothing(narrow_edge: Edge, sent: int, is_counted: bool) -> None:
    senders = [Sender(narrow_edge, PART[:sent]) for _ in range(3)]
    await until(lambda: all(sender.has_sent for sender in senders))
    await until(lambda: (held() > 0) == is_counted)

    await asyncio.gather(*(sender.leave() for sender in senders))

    await until(lambda: held() == counted("unified_http_requests_in_flight", of="task_svc") == 0)
