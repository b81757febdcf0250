"""A server's end: it says goodbye, lets calls finish, and loses none that another replica can take."""

import asyncio
import contextlib
import os
import sys
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from unified.error.v1 import reason_pb2
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from dev.service import ROOT, SOURCES
from mesh.channel import open_channel
from mesh.health import LIVE
from tests.callers import reaching
from tests.integration.mesh.serving import LOGIN, LONG_GOODBYE_S, NOT_SERVING, REGISTRATION, SERVING, Scripted, server
from tests.refusals import refused
from tests.waiting import PATIENCE_S, eventually, until

TIMEOUT_S = 10.0


class Slow(Scripted):
    """Answers when told to."""

    def __init__(self) -> None:
        super().__init__(self._work)
        self.go_on = asyncio.Event()

    async def _work(self) -> None:
        await self.go_on.wait()


def watch(channel: grpc.aio.Channel, part: str) -> Any:
    """A watch of the part's health."""
    # The generated types know only synchronous calls.
    health: Any = health_pb2_grpc.HealthStub(channel)
    return health.Watch(health_pb2.HealthCheckRequest(service=part), timeout=PATIENCE_S)


async def hear(channel: grpc.aio.Channel, part: str, heard: list[int]) -> None:
    """Note what a watch says, until the server ends it."""
    with contextlib.suppress(grpc.aio.AioRpcError):
        async for answer in watch(channel, part):
            heard += [answer.status]


async def test_a_drain_says_goodbye_and_lets_calls_finish() -> None:
    servicer, leave, left = Slow(), asyncio.Event(), asyncio.Event()
    ports: asyncio.Queue[int] = asyncio.Queue()

    async def live() -> None:
        async with server(servicer, drain_s=20) as port:
            await ports.put(port)
            await leave.wait()
        left.set()

    life = asyncio.create_task(live())
    async with reaching(await ports.get(), healthy_only=False) as channel:
        under_way = asyncio.ensure_future(UserServiceStub(channel).Login(LOGIN, timeout=PATIENCE_S))
        heard: dict[str, list[int]] = {"": [], LIVE: []}
        watches = [asyncio.create_task(hear(channel, part, said)) for part, said in heard.items()]
        await until(lambda: servicer.calls == 1 and all(heard.values()))
        leave.set()
        await until(lambda: heard[""] == [SERVING, NOT_SERVING])
        assert not left.is_set()
        servicer.go_on.set()
        assert (await under_way).token == "nobody"
        await asyncio.wait_for(life, PATIENCE_S)
        await asyncio.gather(*watches)
        # Or who started the process would end it at once.
        assert heard[LIVE] == [SERVING]
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await UserServiceStub(channel).Login(LOGIN, timeout=TIMEOUT_S)


async def test_a_draining_server_takes_no_new_calls() -> None:
    servicer, leave, left = Slow(), asyncio.Event(), asyncio.Event()
    ports: asyncio.Queue[int] = asyncio.Queue()

    async def live() -> None:
        async with server(servicer, drain_s=20) as port:
            await ports.put(port)
            await leave.wait()
        left.set()

    life = asyncio.create_task(live())
    # A client that knows nothing of health checks, as most do.
    async with grpc.aio.insecure_channel(f"127.0.0.1:{await ports.get()}") as channel:
        under_way = asyncio.ensure_future(UserServiceStub(channel).Login(LOGIN, timeout=PATIENCE_S))
        await until(lambda: servicer.calls == 1)
        leave.set()

        async def is_refused() -> bool:
            try:
                await UserServiceStub(channel).Register(REGISTRATION, timeout=0.2)
            except grpc.aio.AioRpcError as error:
                return error.code() is grpc.StatusCode.UNAVAILABLE
            return False

        await eventually(is_refused)
        assert not left.is_set()
        servicer.go_on.set()
        assert (await under_way).token == "nobody"
    await asyncio.wait_for(life, PATIENCE_S)


async def test_a_drain_does_not_wait_for_ever() -> None:
    servicer = Slow()
    async with AsyncExitStack() as leaving:
        port = await leaving.enter_async_context(server(servicer, drain_s=0.1))
        async with reaching(port) as channel:
            under_way = asyncio.ensure_future(UserServiceStub(channel).Login(LOGIN))
            await until(lambda: servicer.calls == 1)
            # Less than the server gives a call that has no deadline of its own.
            async with asyncio.timeout(TIMEOUT_S):
                await leaving.aclose()
                with pytest.raises(grpc.aio.AioRpcError):
                    await under_way


async def test_a_drain_does_not_wait_for_a_peer_that_is_frozen() -> None:
    async with AsyncExitStack() as leaving:
        port = await leaving.enter_async_context(server(drain_s=2 * PATIENCE_S))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        # A client by its first frame, and never a word again.
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        await reader.readexactly(9)
        # Less than gRPC itself gives it.
        async with asyncio.timeout(TIMEOUT_S):
            await leaving.aclose()
        writer.close()


async def test_who_watches_its_health_does_not_keep_a_server() -> None:
    async with AsyncExitStack() as leaving:
        port = await leaving.enter_async_context(server(drain_s=60))
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            watching = watch(channel, "")
            assert (await watching.read()).status == SERVING
            async with asyncio.timeout(TIMEOUT_S):
                await leaving.aclose()
            assert (await watching.read()).status == NOT_SERVING
            with pytest.raises(grpc.aio.AioRpcError, match="the server stops"):
                await watching.read()


async def test_a_process_survives_the_end_of_its_server_however_late_it_hears_of_it() -> None:
    environment = {"PATH": os.defpath, **SOURCES}
    command = [sys.executable, "-m", "tests.integration.mesh.late_goodbye"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    assert await process.wait() == 0


async def test_no_call_fails_while_one_of_two_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesh.server.GOODBYE_S", LONG_GOODBYE_S)
    first, second = Scripted(), Scripted()
    async with server(second) as other:
        stop, answered = asyncio.Event(), 0

        async def call_on(stub: Any) -> None:
            nonlocal answered
            while not stop.is_set():
                await stub.Login(LOGIN, timeout=TIMEOUT_S)
                answered += 1

        async with server(first, drain_s=10) as port, asyncio.TaskGroup() as tasks:
            channel = open_channel(f"ipv4:127.0.0.1:{port},127.0.0.1:{other}")
            await asyncio.wait_for(channel.channel_ready(), PATIENCE_S)
            tasks.create_task(until(lambda: first.calls > 50 and second.calls > 50))
            callers = [asyncio.create_task(call_on(UserServiceStub(channel))) for _ in range(8)]
        before = answered
        await until(lambda: answered > before + 50)
        stop.set()
        await asyncio.gather(*callers)
        await channel.close()
    assert first.calls + second.calls == answered
