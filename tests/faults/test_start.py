"""Starting while a server is away: nobody takes a process for dead that waits."""

import asyncio
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

import grpc

from dev.ports import free_port
from dev.servers import Mongod
from tests.integration.mesh.serving import NOT_SERVING, SERVING, seen
from tests.platform import SERVICES, Platform
from tests.waiting import until

HEALTH_PORTS = dict(
    zip(SERVICES, ("USER_SERVICE_HEALTH_PORT", "TASK_SERVICE_HEALTH_PORT", "NOTIFICATION_SERVICE_HEALTH_PORT"), strict=True)
)


def is_waiting(log: Path) -> bool:
    return log.exists() and "waiting for mongodb" in log.read_text()


async def test_a_service_that_waits_for_mongodb_says_that_it_lives(
    new_platform: Callable[..., Platform], run_directory: Path
) -> None:
    mongod = Mongod(run_directory / f"mongod_{secrets.token_hex(4)}", free_port())
    ports = {name: free_port() for name in SERVICES}
    settings = {HEALTH_PORTS[name]: str(port) for name, port in ports.items()}
    platform = new_platform(mongo_url=mongod.url, settings=settings)
    starting = asyncio.create_task(platform.start())
    for name, port in ports.items():
        await until(partial(is_waiting, platform.process(name).log_file))
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await seen(channel, "live", until=SERVING)
            await seen(channel, "", until=NOT_SERVING)
    await mongod.start()
    await starting
    for port in ports.values():
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await seen(channel, "", until=SERVING)
    await mongod.stop()
