"""The gateway as processes: one or several on a port, their start, their deaths and their stop."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dev.ports import free_port, in_use
from dev.service import SOURCES
from tests.integration.gateway.edge import Edge

WAIT_S = 90
ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def gateway(environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """The process, which is ended if the test does not do it."""
    environment = {"PATH": os.defpath, **SOURCES, **environment}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", cwd=ROOT, env=environment, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


async def until_ready(port: int) -> None:
    """Each try opens a connection of its own."""
    while True:
        try:
            async with aiohttp.ClientSession() as session:
                if (await Edge(port, session).call("GET", f"http://127.0.0.1:{port}/health/ready")).status == 200:
                    return
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)


def listeners(port: int) -> int:
    """How many sockets listen on the port, on 127.0.0.1."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listen = "0A"
    return sum(row[1] == f"0100007F:{port:04X}" and row[3] == listen for row in rows)


def children(process: Process) -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}


async def test_one_process_serves_until_it_is_asked_to_stop(environment: dict[str, str]) -> None:
    port = int(environment["API_GATEWAY_PORT"])
    async with asyncio.timeout(WAIT_S), gateway(environment) as process:
        await until_ready(port)
        process.terminate()

        assert await process.wait() == 0


async def test_several_processes_share_a_port(environment: dict[str, str]) -> None:
    port = int(environment["API_GATEWAY_PORT"])
    async with asyncio.timeout(WAIT_S), gateway(environment | {"GATEWAY_WORKERS": "2"}) as process:
        await until(lambda: listeners(port) == 2)

        killed = min(children(process))
        os.kill(killed, signal.SIGKILL)
        await until(lambda: killed not in children(process) and listeners(port) == 2)
        process.terminate()

        _, log = await process.communicate()
        assert process.returncode == 0
        assert log.count(b"worker died") == 1
        assert not in_use(port)


async def test_one_page_has_the_metrics_of_every_worker_that_lives(environment: dict[str, str]) -> None:
    port, metrics_port = int(environment["API_GATEWAY_PORT"]), free_port()
    several = {"GATEWAY_WORKERS": "2", "API_GATEWAY_METRICS_PORT": str(metrics_port)}
    async with asyncio.timeout(WAIT_S), gateway(environment | several) as process:
        first = later = await starts_of_workers(metrics_port, 2)
        await until_ready(port)
        os.kill(min(children(process)), signal.SIGKILL)
        while later == first:
            later = await starts_of_workers(metrics_port, 2)

    assert first.keys() == later.keys() == {"0", "1"}
    assert sum(first[worker] != later[worker] for worker in first) == 1


async def starts_of_workers(port: int, count: int) -> dict[str, float]:
    """When each worker was started, once that many tell it."""
    while True:
        with suppress(aiohttp.ClientError):
            async with aiohttp.request("GET", f"http://127.0.0.1:{port}/metrics") as answer:
                families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
            started = families.get("process_start_time_seconds")
            if started and len(started.samples) == count:
                return {sample.labels["worker"]: sample.value for sample in started.samples}
        await asyncio.sleep(0.02)


async def test_workers_end_with_their_parent(environment: dict[str, str]) -> None:
    port = int(environment["API_GATEWAY_PORT"])
    async with asyncio.timeout(WAIT_S), gateway(environment | {"GATEWAY_WORKERS": "2"}) as process:
        await until_ready(port)
        process.kill()

        await until(lambda: not in_use(port))


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_port_that_is_taken_is_named(environment: dict[str, str], workers: str) -> None:
    port = int(environment["API_GATEWAY_PORT"])
    stranger = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with asyncio.timeout(WAIT_S), stranger, gateway(environment | {"GATEWAY_WORKERS": workers}) as process:
        _, log = await process.communicate()

    assert process.returncode != 0
    assert "cannot listen on" in log.decode()
    assert str(port) in log.decode()


async def test_every_wrong_setting_is_named_at_once() -> None:
    wrong = {"API_GATEWAY_PORT": "x", "RATE_LIMIT_MAX": "0", "JWT_SECRET": "short", "TASK_SERVICE_TARGET": "a b"}
    async with asyncio.timeout(WAIT_S), gateway(wrong) as process:
        _, log = await process.communicate()

    assert process.returncode != 0
    for name in ("API_GATEWAY_PORT", "RATE_LIMIT_MAX", "JWT_SECRET", "TASK_SERVICE_TARGET"):
        assert name in log.decode()
    assert "Traceback" not in log.decode()
