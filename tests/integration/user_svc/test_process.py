"""The user service as a process: started by its environment, ended by a signal."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import orjson
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from unified.error.v1 import reason_pb2
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from dev.keys import ensure_key_pair
from dev.ports import free_port
from dev.servers import Mongod
from mesh.channel import open_channel
from tests.integration.user_svc.person import Person, Visitor
from tests.refusals import refused
from tests.waiting import eventually

COMMAND = (sys.executable, "-m", "user_svc")
SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
def environment(mongo_uri: str, redis_url: str, database_name: str, tmp_path: Path) -> dict[str, str]:
    ensure_key_pair(tmp_path / "key.pem", tmp_path / "jwks.json")
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "USER_SERVICE_PORT": str(free_port()),
        "USER_SERVICE_METRICS_PORT": str(free_port()),
        "MONGO_URI_USER_SERVICE": mongo_uri,
        "DB_NAME_USER_SERVICE": database_name,
        "REDIS_URL": redis_url,
        "JWT_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
        "JWT_JWKS_FILE": str(tmp_path / "jwks.json"),
        "BCRYPT_COST": "4",
        "DRAIN_SECONDS": "1",
    }


@pytest.fixture
async def own_mongod(run_directory: Path, environment: dict[str, str]) -> AsyncIterator[Mongod]:
    """One that does not run yet, and may be killed."""
    server = Mongod(run_directory / "mortal", free_port())
    environment["MONGO_URI_USER_SERVICE"] = server.url
    yield server
    await server.stop()


@pytest.fixture
async def process(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*COMMAND, env=environment, stderr=asyncio.subprocess.PIPE)
    yield process
    if process.returncode is None:
        process.kill()
        await process.communicate()


async def test_it_serves_until_it_is_asked_to_stop(process: asyncio.subprocess.Process, environment: dict[str, str]) -> None:
    async with open_channel(f"127.0.0.1:{environment['USER_SERVICE_PORT']}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
        for part in ("", "mongodb", "redis"):
            request = health_pb2.HealthCheckRequest(service=part)
            # A part that was late for its first probe is not well before the next.
            await eventually(partial(check, request, timeout=20, wait_for_ready=True), lambda answer: answer.status == SERVING)
        # Signed with the private key, verified with the public one.
        ada = await Person.new(Visitor(UserServiceStub(channel)), "ada@example.com")
        assert await ada.profile() == ada.user

    process.send_signal(signal.SIGTERM)
    _, log = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    lines = [orjson.loads(line) for line in log.splitlines()]
    messages = [line["message"] for line in lines]
    assert messages[-1] == "stopped"
    assert [message for message in messages if message.startswith("user ")] == ["user registered", "user signed in"]
    assert {line["service"] for line in lines} == {"user_svc"}
    assert ada.token.encode() not in log


async def test_it_waits_for_its_database_and_bears_its_loss(
    own_mongod: Mongod, process: asyncio.subprocess.Process, environment: dict[str, str]
) -> None:
    async with open_channel(f"127.0.0.1:{environment['USER_SERVICE_PORT']}") as channel:
        stub = UserServiceStub(channel)
        await own_mongod.start()
        await Visitor(stub, wait_for_ready=True).register("ada@example.com")
        own_mongod.kill()
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await Visitor(stub).login("ada@example.com")
        await own_mongod.start()
        assert (await Visitor(stub, wait_for_ready=True).login("ada@example.com")).token


async def test_it_can_be_stopped_while_it_waits(own_mongod: Mongod, process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    assert b"waiting for mongodb" in await asyncio.wait_for(process.stderr.readline(), 20)
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0


async def test_it_says_in_one_message_what_is_wrong(environment: dict[str, str]) -> None:
    del environment["MONGO_URI_USER_SERVICE"], environment["REDIS_URL"]
    process = await asyncio.create_subprocess_exec(*COMMAND, env=environment, stderr=asyncio.subprocess.PIPE)
    _, message = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert message.decode().splitlines() == [
        "Settings are missing or wrong:",
        "  REDIS_HOST or REDIS_URL must be set",
        "  MONGO_URI_USER_SERVICE is not set",
    ]
