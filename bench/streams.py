"""What live streams cost, on a platform of its own: how soon somebody hears of a task that is made, what 1,000 open streams take
of the gateway's memory and of all processes' time when they are woken, and what 10,000 clients leave behind that come and go.
"""

import asyncio
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import aiohttp
from pymongo import AsyncMongoClient

from dev.ports import free_port
from dev.running import Running
from dev.servers import Mongod, RabbitMQ, RedisServer
from mesh.mongo import Document
from tests.e2e.rest import Person, visiting
from tests.integration.gateway.counting import CountedGateway
from tests.integration.gateway.edge import access_token, environment_of
from tests.integration.gateway.leaving import SlowInbox, come_and_go
from tests.integration.gateway.services import ScriptedServices
from tests.platform import Platform
from tests.sse import Listener, listening

STREAM = "/api/notifications/stream"
ROUNDS, STREAMS, WAKES = 300, 1000, 10
CLIENTS, WARMING_UP = 10_000, 1500
MB = 1e6


@dataclass(frozen=True)
class Servers:
    mongo_url: str
    redis_url: str
    rabbitmq_url: str


@asynccontextmanager
async def servers(directory: Path) -> AsyncIterator[Servers]:
    mongod, redis = Mongod(directory, free_port()), RedisServer(directory, free_port())
    rabbitmq = RabbitMQ(directory, free_port())
    async with AsyncExitStack() as stack:
        for server in (mongod, redis, rabbitmq):
            stack.push_async_callback(server.stop)
            await server.start()
        yield Servers(mongod.url, redis.url, await rabbitmq.add_virtual_host("bench"))


def memory(process: Running) -> int:
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * resource.getpagesize()


def cpu_s(process: Running) -> float:
    """In user and kernel mode, until now."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(name: str, seconds: list[float]) -> None:
    tenth, nine_tenths = (1000 * quantiles(seconds, n=10)[place] for place in (0, -1))
    print(f"{name}: median {1000 * median(seconds):.1f} ms, from {tenth:.1f} (one in ten) to {nine_tenths:.1f} (nine in ten)")


async def measure_latency(ada: Person, listener: Listener, platform: Platform, mongo_url: str) -> None:
    """`stored` is when a change stream of MongoDB tells of the notification, which takes a moment itself."""
    created, stored, pushed, after_stored = [list[float]() for _ in range(4)]
    async with AsyncMongoClient[Document](mongo_url) as client:
        notifications = client[platform.database("notify_svc")]["notifications"]
        async with await notifications.watch([{"$match": {"operationType": "insert"}}]) as changes:

            async def seen() -> float:
                await changes.next()
                return time.perf_counter()

            async def heard() -> float:
                await listener.event()
                return time.perf_counter()

            for _ in range(ROUNDS):
                waiting = [asyncio.create_task(seen()), asyncio.create_task(heard())]
                began = time.perf_counter()
                await ada.creates()
                answered = time.perf_counter()
                seen_at, heard_at = await asyncio.gather(*waiting)
                created.append(answered - began)
                stored.append(seen_at - answered)
                pushed.append(heard_at - answered)
                after_stored.append(heard_at - seen_at)
    show("a task is created", created)
    show("its notification is stored, after that answer", stored)
    show("the stream has told it, after that answer", pushed)
    show("the stream has told it, after it was stored", after_stored)


async def measure_open(ada: Person, session: aiohttp.ClientSession, platform: Platform, stack: AsyncExitStack) -> None:
    gateway, services = platform.process("gateway"), list(platform.services.values())
    before = memory(gateway)
    url = platform.base_url + STREAM
    listeners = [await stack.enter_async_context(listening(session, url, ada.headers)) for _ in range(STREAMS)]
    print(f"{STREAMS} open streams: {(memory(gateway) - before) / STREAMS / 1000:.1f} kB of the gateway each")
    used = {process.name: cpu_s(process) for process in (gateway, *services)}
    took = []
    for _ in range(WAKES):
        await ada.creates()
        began = time.perf_counter()
        await asyncio.gather(*(listener.event() for listener in listeners))
        took.append(time.perf_counter() - began)
    show(f"all {STREAMS} have told it, after that answer", took)
    for process in (gateway, *services):
        each_us = (cpu_s(process) - used[process.name]) / STREAMS / WAKES * 1e6
        print(f"a stream that is woken and tells an event: {each_us:.0f} us of {process.name}")


async def measure_leaving(directory: Path, redis_url: str) -> None:
    services, inbox = ScriptedServices(), SlowInbox()
    services.behaviours["ListNewNotifications"] = inbox.answer
    tokens = [access_token(sub=f"{number:024x}", exp=4_000_000_000) for number in range(401)]
    async with services.serving():
        gateway = CountedGateway(directory, environment_of(services, redis_url))
        await gateway.start()
        try:
            await come_and_go(gateway.port, inbox, tokens, WARMING_UP)
            before = await gateway.holdings()
            began = time.perf_counter()
            await come_and_go(gateway.port, inbox, tokens, CLIENTS)
            took_s = time.perf_counter() - began
            after = await gateway.holdings()
        finally:
            await gateway.stop()
    print(f"{CLIENTS} clients came and went in {took_s:.0f} s")
    print(f"memory: {before.memory / MB:.1f} MB before, {after.memory / MB:.1f} MB after")
    print(f"open files: {before.files} before, {after.files} after")


async def measure_platform(directory: Path, given: Servers) -> None:
    many = {"RATE_LIMIT_STREAM_MAX": "1000000", "STREAMS_PER_USER_MAX": "10000"}
    platform = Platform(
        directory, mongo_url=given.mongo_url, redis_url=given.redis_url, rabbitmq_url=given.rabbitmq_url, settings=many
    )
    try:
        await platform.start()
        unlimited = aiohttp.TCPConnector(limit=0)
        async with (
            AsyncExitStack() as stack,
            visiting(platform.base_url) as visitor,
            aiohttp.ClientSession(connector=unlimited) as session,
        ):
            ada = await visitor.sign_up()
            async with listening(session, platform.base_url + STREAM, ada.headers) as listener:
                await measure_latency(ada, listener, platform, given.mongo_url)
            await measure_open(ada, session, platform, stack)
    finally:
        await platform.stop()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with servers(Path(folder)) as given:
            await measure_platform(Path(folder, "platform"), given)
            await measure_leaving(Path(folder, "leaving"), given.redis_url)


if __name__ == "__main__":
    asyncio.run(main())
