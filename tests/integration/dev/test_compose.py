"""The real Redis with the configuration and the users that compose.yaml gives it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from dev.compose.secrets import ensure_secrets
from dev.ports import free_port
from dev.process import Command
from dev.programs import find_program
from dev.redis_server import RedisServer
from dev.service import ROOT


class ComposedRedis(RedisServer):
    """On another port, with its users from `directory/secrets`."""

    def command(self) -> Command:
        data = self.directory / "data" / "redis"
        argv = [find_program("redis-server"), str(ROOT / "infra" / "redis" / "redis.conf"), "--set-proc-title", "no"]
        argv += ["--port", str(self.port), "--dir", str(data), "--aclfile", str(self.directory / "secrets" / "redis-users.acl")]
        return Command(argv, {"PATH": os.defpath, "LANG": "C.UTF-8"}, self.directory)


@pytest.fixture
async def redis(run_directory: Path) -> AsyncIterator[ComposedRedis]:
    server = ComposedRedis(run_directory / "compose", free_port())
    ensure_secrets(server.directory / "secrets")
    await server.start()
    yield server
    await server.stop()


async def test_redis_serves_those_with_the_address_and_tells_others_that_it_is_there(redis: ComposedRedis) -> None:
    address = (redis.directory / "secrets" / "REDIS_URL").read_text().replace("redis:6379", f"127.0.0.1:{redis.port}")
    async with Redis.from_url(address) as ours, Redis.from_url(redis.url) as others:
        assert await ours.set("key", "value")
        assert await others.ping()
        with pytest.raises(NoPermissionError):
            await others.get("key")
