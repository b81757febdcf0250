"""The real Redis and RabbitMQ with the users that compose.yaml gives them, and what else they are told."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from dev.compose.definitions import definitions
from dev.compose.secrets import ensure_secrets
from dev.ports import free_port
from dev.process import Command
from dev.programs import find_program
from dev.redis_server import RedisServer
from dev.servers import RabbitMQ
from dev.service import ROOT
from mesh import topology
from mesh.amqp import Broker, Channel
from notify_svc.consumer import QUEUES
from notify_svc.settings import NotifySettings
from tests.waiting import PATIENCE_S


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
    await asyncio.to_thread(ensure_secrets, server.directory / "secrets")
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


async def test_rabbitmq_has_what_the_code_would_declare(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    file = tmp_path / "definitions.json"
    file.write_text(await asyncio.to_thread(definitions, "ours", "a password", "defined"))
    await rabbitmq.control("import_definitions", str(file))
    looking = Looking()
    async with Broker(f"amqp://ours:a%20password@127.0.0.1:{rabbitmq.port}/defined", [looking], name="test"):
        channel = await asyncio.wait_for(looking.channel, PATIENCE_S)
        for queue, event_type in QUEUES.items():
            # It is there already, and to declare it otherwise would be refused.
            assert await channel.count(queue) == 0
            await topology.declare_queue(channel, queue, event_type)
        await topology.declare_events(channel)
        await topology.declare_ladder(channel, NotifySettings.model_fields["event_retry_delays_seconds"].default)


class Looking:
    """A session that keeps its channel."""

    def __init__(self) -> None:
        self.channel: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()

    async def opened(self, channel: Channel) -> None:
        self.channel.set_result(channel)

    def lost(self) -> None:
        pass
