"""What tests of every kind share: real servers, each started when a test first asks for it and stopped at the end."""

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dev import marks
from dev.ports import free_port
from dev.servers import Mongod, RabbitMQ, RedisServer

_RUNS = Path(__file__).parent.parent / ".local" / "test"


@pytest.fixture(scope="session")
def run_directory() -> Iterator[Path]:
    """This test run's own folder; what killed runs left, processes and data, is ended and removed."""
    for run in _RUNS.glob("*"):
        if not Path("/proc", run.name).exists():
            remove_run(run)
    directory = _RUNS / str(os.getpid())
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
    server = RedisServer(run_directory, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def rabbitmq(run_directory: Path) -> AsyncIterator[RabbitMQ]:
    server = RabbitMQ(run_directory, free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def mongo_uri(mongod: Mongod) -> str:
    return mongod.url


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


@pytest.fixture
def rabbitmq_url(rabbitmq: RabbitMQ) -> str:
    return rabbitmq.url


@pytest.fixture
def database_name() -> str:
    """A MongoDB database of this test's own."""
    return f"test_{secrets.token_hex(6)}"
