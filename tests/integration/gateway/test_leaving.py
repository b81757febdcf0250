"""Ten thousand clients leave their streams, at any moment and in any way: a gateway that is a process keeps nothing of them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from mesh.wakeups import channel_of
from tests.integration.gateway.counting import CountedGateway, Holdings
from tests.integration.gateway.edge import Edge, access_token
from tests.integration.gateway.inbox import METHOD, at_stream
from tests.integration.gateway.leaving import AT_ONCE, SlowInbox, come_and_go
from tests.integration.gateway.services import ScriptedServices
from tests.waiting import eventually

CLIENTS, WARMING_UP = 10_000, 1500
# Few enough that a place that stays taken is soon missed, and prime, so that each of them leaves in all ways.
USERS = [f"{number:024x}" for number in range(401)]
STREAMS_OF_A_USER = 10
# Connections to Redis that the gateway may open and keep.
POOL = 20
# 800 bytes for each client, and a stream takes thirty times that: what grows is what malloc keeps of the busiest moment.
GROWTH_BYTES = 8_000_000


@pytest.fixture
async def gateway(environment: dict[str, str], run_directory: Path) -> AsyncIterator[CountedGateway]:
    process = CountedGateway(run_directory / "leaving", {**environment, "STREAMS_PER_USER_MAX": str(STREAMS_OF_A_USER)})
    await process.start()
    yield process
    await process.stop()


# On a machine that does much else.
@pytest.mark.timeout(300)
async def test_clients_that_leave_take_everything_with_them(
    gateway: CountedGateway, services: ScriptedServices, redis_url: str
) -> None:
    inbox = SlowInbox()
    services.behaviours["ListNewNotifications"] = inbox.answer
    tokens = [access_token(sub=user, exp=4_000_000_000) for user in USERS]
    await come_and_go(gateway.port, inbox, tokens, WARMING_UP)
    before = await eventually(gateway.holdings, lambda now: not now.objects["gateway.streams.Stream"])
    subscribed = await eventually(lambda: subscriptions(redis_url))

    await come_and_go(gateway.port, inbox, tokens, CLIENTS)

    def all_left(now: Holdings) -> bool:
        return not now.objects["gateway.streams.Stream"] and now.files <= before.files + POOL

    after = await eventually(gateway.holdings, all_left)
    assert grown(before, after) == {}
    assert after.memory - before.memory < GROWTH_BYTES
    await eventually(lambda: subscriptions(redis_url), lambda now: now == subscribed)
    async with aiohttp.ClientSession() as session, AsyncExitStack() as streams:
        for _ in range(STREAMS_OF_A_USER):
            await streams.enter_async_context(at_stream(Edge(gateway.port, session), sub=USERS[0]))


def grown(before: Holdings, now: Holdings) -> dict[str, int]:
    """The types of which there are more objects than clients were there together: so many may be kept for the next ones."""
    return {name: count for name, count in (now.objects - before.objects).items() if count > AT_ONCE}


async def subscriptions(redis_url: str) -> int:
    async with Redis.from_url(redis_url) as redis:
        ((_, count),) = await redis.pubsub_numsub(channel_of(METHOD))
    return int(count)
