"""Stopping takes seconds, also when what a process talks to has fallen silent, or is gone."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dev.ports import free_port
from dev.servers import Mongod, RabbitMQ, RedisServer
from tests.e2e.rest import visiting
from tests.platform import SERVICES, Platform
from tests.waiting import eventually, until

# After its drain of two seconds a process needs some seconds more; the rest is for a busy machine.
LONGEST_STOP_S = 10.0


@contextmanager
def silent(pid: int | None) -> Iterator[None]:
    """The process neither answers nor ends its connections."""
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def seconds_to_stop(platform: Platform, name: str) -> float:
    pid = platform.process(name).pid
    assert pid is not None
    start = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    await until(lambda: not Path("/proc", str(pid)).exists() or platform.process(name).pid is None)
    return time.monotonic() - start


async def test_every_process_stops_in_time_while_rabbitmq_is_silent(
    new_platform: Callable[..., Platform], rabbitmq: RabbitMQ
) -> None:
    platform = new_platform()
    await platform.start()
    async with visiting(platform.base_url) as visitor:
        ada = await visitor.sign_up()
        await ada.creates()
        await ada.is_notified(1)
        with silent(rabbitmq.pid):
            # Published and not confirmed when the stop comes.
            for _ in range(5):
                await ada.creates()
            took = {name: await seconds_to_stop(platform, name) for name in ("gateway", *SERVICES)}
    assert max(took.values()) < LONGEST_STOP_S, took


async def test_every_process_stops_in_time_while_all_servers_are_gone(
    new_platform: Callable[..., Platform], run_directory: Path
) -> None:
    directory = run_directory / f"servers_{secrets.token_hex(4)}"
    mongod, redis, rabbitmq = (kind(directory, free_port()) for kind in (Mongod, RedisServer, RabbitMQ))
    await asyncio.gather(*(server.start() for server in (mongod, redis, rabbitmq)))
    platform = new_platform(mongo_url=mongod.url, redis_url=redis.url, rabbitmq_url=rabbitmq.url)
    await platform.start()
    async with visiting(platform.base_url) as visitor:
        ada = await visitor.sign_up()
        await ada.creates()
        for server in (mongod, redis, rabbitmq):
            server.kill()
        await eventually(partial(ada.get, "/health"), lambda health: health.status == 503)
        took = {name: await seconds_to_stop(platform, name) for name in ("gateway", *SERVICES)}
    assert max(took.values()) < LONGEST_STOP_S, took
