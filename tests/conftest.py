"""What tests of every kind share: real servers, each started when a test first asks for it and stopped at the end."""

import asyncio
import gc
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev import marks
from dev.ports import free_port
from dev.servers import Mongod, RabbitMQ, RedisServer
from tests.platform import Platform
from tests.servers import RUNS, Servers

pytest_plugins = ["tests.kinds", "tests.warnings_of_processes"]

_REDIS_DATABASES = 1000


def pytest_collection_finish() -> None:
    # Modules and tests stay till the end: a quarter of the unit tests' time went into looking at them again and again.
    gc.freeze()


@pytest.fixture(scope="session")
def run_directory() -> Iterator[Path]:
    """This test run's own folder; what killed runs left, processes and data, is ended and removed."""
    for run in RUNS.glob("*"):
        if not Path("/proc", run.name).exists():
            remove_run(run)
    directory = RUNS / str(os.getpid())
    directory.mkdir(parents=True)
    yield directory
    remove_run(directory)


def remove_run(directory: Path) -> None:
    # Also of the platforms that tests start in folders below.
    for pid, mark in marks.marked_below(directory.resolve()).items():
        marks.kill(pid, mark)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
async def mongod(run_directory: Path) -> AsyncIterator[Mongod]:
    server = Mongod(run_directory, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def redis_server(run_directory: Path) -> AsyncIterator[RedisServer]:
    server = RedisServer(run_directory, free_port(), databases=_REDIS_DATABASES)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def rabbitmq(run_directory: Path) -> AsyncIterator[RabbitMQ]:
    server = RabbitMQ(run_directory, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def redis_databases(redis_server: RedisServer) -> Iterator[str]:
    """URLs of databases that no test has used yet."""
    return (redis_server.url.removesuffix("/0") + f"/{number}" for number in range(_REDIS_DATABASES))


@pytest.fixture
def mongo_uri(mongod: Mongod) -> str:
    return mongod.url


@pytest.fixture
def database_name() -> str:
    """A MongoDB database of this test's own."""
    return f"test_{secrets.token_hex(6)}"


@pytest.fixture
def redis_url(redis_databases: Iterator[str]) -> str:
    """A Redis database of this test's own. Pub/sub channels are shared by all databases."""
    return next(redis_databases)


@pytest.fixture
async def rabbitmq_url(rabbitmq: RabbitMQ) -> str:
    """A RabbitMQ virtual host of this test's own."""
    return await rabbitmq.add_virtual_host(f"test_{secrets.token_hex(6)}")


@pytest.fixture
async def new_platform(
    run_directory: Path, mongo_uri: str, redis_url: str, rabbitmq_url: str
) -> AsyncIterator[Callable[..., Platform]]:
    """Makes a platform of this test's own, not started yet; it takes what Platform takes and is stopped at the end."""
    made: list[Platform] = []

    def make(**options: Any) -> Platform:
        servers = {"mongo_url": mongo_uri, "redis_url": redis_url, "rabbitmq_url": rabbitmq_url}
        made.append(Platform(run_directory / f"platform_{secrets.token_hex(6)}", **{**servers, **options}))
        return made[-1]

    yield make
    await asyncio.gather(*(platform.stop() for platform in made))


@pytest.fixture(scope="session")
def servers(run_directory: Path, mongod: Mongod, redis_databases: Iterator[str], rabbitmq: RabbitMQ) -> Servers:
    """For platforms that tests share."""
    return Servers(run_directory, mongod, redis_databases, rabbitmq)


@pytest.fixture(scope="session")
async def shared_platform(servers: Servers) -> AsyncIterator[Platform]:
    """A running platform that tests share: they must not stop anything, and must bring users of their own."""
    async with servers.running("shared", Platform) as platform:
        yield platform
