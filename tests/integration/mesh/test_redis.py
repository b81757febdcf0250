"""What a client of Redis notices of a restart."""

import asyncio
from pathlib import Path

import pytest

from dev.ports import free_port
from dev.servers import RedisServer
from mesh.redis import open_redis
from tests.waiting import PATIENCE_S

AT_ONCE = 5


async def test_connections_from_before_a_restart_fail_no_command_after_it(
    run_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.redis.TIMEOUT_S", PATIENCE_S)
    server = RedisServer(run_directory / "restarted", free_port())
    await server.start()
    try:
        async with open_redis(server.url) as redis:
            await asyncio.gather(*(redis.ping() for _ in range(AT_ONCE)))
            await server.stop()
            await server.start()
            for at_once in (1, AT_ONCE):
                assert await asyncio.gather(*(redis.ping() for _ in range(at_once))) == [True] * at_once
    finally:
        await server.stop()
