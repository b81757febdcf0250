"""Calls of a service with several replicas behind one name: an even share for each and for a new one, and none lost with one."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from dev.ports import free_port
from dev.service import ROOT, SOURCES
from mesh.breaker import Breaker, RetryBudget
from mesh.calls import ServiceCalls
from mesh.channel import open_channel
from tests.integration.mesh.name_server import NameServer
from tests.integration.mesh.serving import LOGIN, LONG_GOODBYE_S, Scripted, server
from tests.waiting import until

HOSTS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
TIMEOUT_S = 20.0
CALLERS = 24
ROUND = 300
# Where a round is uneven, because a connection ended or the machine was busy, one of the next is not.
ROUNDS = 3
# Short, so that a new replica is found within a second on a quiet machine, and connections end under calls.
AGE_S = 0.5
SECONDS = 20.0


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    names = NameServer(*HOSTS)
    async with names.serving():
        yield names


class Callers:
    """Several at once, which call until the context is left; every call must succeed."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._calls = ServiceCalls(channel, Breaker(), RetryBudget())
        self._login = UserServiceStub(channel).Login
        self._stopped = False
        self.answered = 0

    @asynccontextmanager
    async def calling(self, *, repeatable: bool = False) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(CALLERS):
                tasks.create_task(self._call_on(repeatable))
            yield
            self._stopped = True

    async def _call_on(self, repeatable: bool) -> None:
        while not self._stopped:
            await self._calls.call(self._login, LOGIN, [], timeout_s=TIMEOUT_S, repeatable=repeatable)
            self.answered += 1

    async def another(self, count: int) -> None:
        """Return when so many more calls are answered."""
        goal = self.answered + count
        await until(lambda: self.answered >= goal)


async def serve(stack: AsyncExitStack, host: str, port: int, servicer: Scripted, **options: Any) -> None:
    await stack.enter_async_context(server(servicer, address=f"{host}:{port}", **options))


async def is_even(callers: Callers, replicas: Sequence[Scripted]) -> None:
    """Return once all of them are called, and evenly."""
    before = [each.calls for each in replicas]
    await until(lambda: all(each.calls > count for each, count in zip(replicas, before, strict=True)))
    uneven: list[list[int]] = []
    while not are_even(found := await next_shares(callers, replicas)):
        uneven.append(found)
        assert len(uneven) < ROUNDS, uneven


async def next_shares(callers: Callers, replicas: Sequence[Scripted]) -> list[int]:
    """How many calls of one round each gets."""
    before = [each.calls for each in replicas]
    await callers.another(ROUND)
    return [each.calls - count for each, count in zip(replicas, before, strict=True)]


def are_even(shares: Sequence[int]) -> bool:
    return all(0.8 <= share * len(shares) / sum(shares) <= 1.2 for share in shares)


async def test_each_replica_of_a_name_has_an_even_share(names: NameServer) -> None:
    replicas, port = [Scripted() for _ in HOSTS], free_port()
    async with AsyncExitStack() as stack:
        for host, replica in zip(HOSTS, replicas, strict=True):
            await serve(stack, host, port, replica)
        callers = Callers(await stack.enter_async_context(open_channel(names.target(port))))
        async with callers.calling():
            await is_even(callers, replicas)


async def test_a_replica_that_drains_loses_no_call(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mesh.server.GOODBYE_S", LONG_GOODBYE_S)
    replicas, port = [Scripted() for _ in HOSTS], free_port()
    async with AsyncExitStack() as stack, AsyncExitStack() as leaving:
        for host, replica in zip(HOSTS[:2], replicas, strict=False):
            await serve(stack, host, port, replica)
        await serve(leaving, HOSTS[2], port, replicas[2], drain_s=10)
        callers = Callers(await stack.enter_async_context(open_channel(names.target(port))))
        async with callers.calling():
            await is_even(callers, replicas)
            # The name still has its address for a while.
            await leaving.aclose()
            before = replicas[2].calls
            await is_even(callers, replicas[:2])
    assert replicas[2].calls == before
    assert sum(each.calls for each in replicas) == callers.answered


async def test_a_new_replica_has_its_share_within_seconds(names: NameServer) -> None:
    replicas, port = [Scripted() for _ in HOSTS], free_port()
    names.addresses = list(HOSTS[:2])
    async with AsyncExitStack() as stack:
        for host, replica in zip(HOSTS[:2], replicas, strict=False):
            await serve(stack, host, port, replica, connection_age_s=AGE_S)
        callers = Callers(await stack.enter_async_context(open_channel(names.target(port))))
        async with callers.calling():
            await is_even(callers, replicas[:2])
            await serve(stack, HOSTS[2], port, replicas[2], connection_age_s=AGE_S)
            names.addresses = list(HOSTS)
            async with asyncio.timeout(SECONDS):
                await is_even(callers, replicas)
    assert sum(each.calls for each in replicas) == callers.answered


@asynccontextmanager
async def process_at(host: str, port: int) -> AsyncIterator[Process]:
    environment = {"PATH": os.defpath, **SOURCES}
    module = ["-m", "tests.integration.mesh.replica", f"{host}:{port}"]
    process = await asyncio.create_subprocess_exec(sys.executable, *module, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_replica_that_dies_under_load_costs_no_call_that_may_be_repeated(names: NameServer) -> None:
    replicas, port = [Scripted(), Scripted()], free_port()
    async with AsyncExitStack() as stack:
        for host, replica in zip(HOSTS, replicas, strict=False):
            await serve(stack, host, port, replica)
        dying = await stack.enter_async_context(process_at(HOSTS[2], port))
        callers = Callers(await stack.enter_async_context(open_channel(names.target(port))))

        def third() -> int:
            return callers.answered - sum(each.calls for each in replicas)

        async with callers.calling(repeatable=True):
            await until(lambda: third() > CALLERS)
            dying.kill()
            await dying.wait()
            await is_even(callers, replicas)
