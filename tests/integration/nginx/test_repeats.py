"""What nginx sends to a second gateway when the first one fails under it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from dev.ports import free_port
from tests.nginx import Nginx
from tests.platform import SERVICES

NOWHERE = ("127.0.0.1:1",)


class DyingGateway:
    """Reads the head of a request, and closes the connection."""

    def __init__(self) -> None:
        self.requests = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        port = free_port()
        async with await asyncio.start_server(self._serve, "127.0.0.1", port):
            yield f"127.0.0.1:{port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        writer.close()


@pytest.mark.parametrize(
    ("method", "path", "key", "times"),
    [
        ("GET", "/api/tasks?q=a", "", 2),
        ("POST", "/api/tasks", "", 1),
        ("POST", "/api/tasks", "key", 2),
        ("POST", "/api/tasks/import?dryRun=false", "key", 1),
        ("DELETE", "/api/notifications/665f1f77bcf86cd799439021", "", 1),
        ("DELETE", "/api/notifications/665f1f77bcf86cd799439021", "key", 2),
        ("PATCH", "/api/users/profile", "key", 1),
        ("POST", "/api/users/login", "key", 1),
    ],
)
async def test_reads_are_repeated_and_writes_where_their_key_counts(
    tmp_path: Path, method: str, path: str, key: str, times: int
) -> None:
    gateways = DyingGateway(), DyingGateway()
    async with AsyncExitStack() as stack:
        addresses = [await stack.enter_async_context(gateway.serving()) for gateway in gateways]
        nginx = Nginx(tmp_path, {"gateways": addresses, **dict.fromkeys(SERVICES, NOWHERE)})
        stack.push_async_callback(nginx.stop)
        await nginx.start()
        session = await stack.enter_async_context(aiohttp.ClientSession())
        headers = {"Idempotency-Key": key} if key else {}
        async with session.request(method, nginx.url + path, headers=headers, ssl=nginx.trust()) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (503, "unavailable")
    assert sum(gateway.requests for gateway in gateways) == times
