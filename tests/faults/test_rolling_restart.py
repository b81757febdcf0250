"""Restarting one process after another under load: callers notice nothing."""

import asyncio
import itertools
import secrets
from collections.abc import Callable

import aiohttp

from tests.e2e.rest import Client, Person, visiting
from tests.faults.traffic import WRITERS, under_load
from tests.platform import SERVICES, Platform
from tests.waiting import eventually, until


def calls_served(platform: Platform, name: str) -> int:
    """By the lines in the process's log, those of health and status apart."""
    lines = platform.process(name).log_file.read_text().splitlines()
    return sum('"message":"call"' in line and "unified.api" not in line for line in lines)


async def test_a_rolling_restart_of_the_services_fails_no_call(new_platform: Callable[..., Platform]) -> None:
    # Time enough for a busy machine: the gateway sees goodbyes, and calls under way end.
    modules = {name: ("tests.changed", "mesh.server.GOODBYE_S=5", name) for name in SERVICES}
    replicas = dict.fromkeys(SERVICES, 2)
    platform = new_platform(replicas=replicas, settings={"DRAIN_SECONDS": "10"}, modules=modules)
    await platform.start()
    async with visiting(platform.base_url) as visitor:
        ada = await visitor.sign_up()
        async with under_load(ada) as traffic:
            for name in platform.services:
                served = calls_served(platform, name)
                await platform.restart(name)
                # The next one goes down only when this one has its share again: that is what makes it rolling.
                await until(lambda name=name, served=served: calls_served(platform, name) > served + 10)  # type: ignore[misc]
        assert len(traffic.answers) > 300
        assert traffic.failures == []
        made = [answer for answer in traffic.answers if answer.status == 201]
        changed = [answer for answer in traffic.answers if answer.status == 200 and answer.json.get("status") == "in_progress"]
        await ada.is_notified(len(made) + len(changed))


async def test_keyed_requests_survive_the_restart_of_the_edge_and_succeed_once(new_platform: Callable[..., Platform]) -> None:
    platform = new_platform(gateways=2)
    await platform.start()
    async with visiting(platform.base_urls[0]) as one, visiting(platform.base_urls[1]) as two:
        ada = await one.sign_up()
        stopped = False
        made = 0

        async def create_until_told(number: int) -> None:
            nonlocal made
            while not stopped:
                await create_once(ada, two, f"{number}-{secrets.token_hex(8)}")
                made += 1

        callers = [asyncio.create_task(create_until_told(number)) for number in range(WRITERS)]
        for name in ("gateway", "gateway2", "gateway"):
            before = made
            await platform.restart(name)
            while made < before + 20:
                await asyncio.sleep(0.01)
        stopped = True
        await asyncio.gather(*callers)
        told = await ada.is_notified(made)
        assert len({each["taskId"] for each in told}) == made


async def create_once(ada: Person, other: Client, key: str) -> None:
    """As a careful client does: the same request under the same key, at either gateway, until one answers."""
    headers = {"Idempotency-Key": key, "Authorization": f"Bearer {ada.token}"}
    gateways = itertools.cycle((ada, other))

    async def is_made() -> bool:
        try:
            answer = await next(gateways).post("/api/tasks", {"title": key}, headers=headers)
        except aiohttp.ClientError:
            return False
        assert answer.status in (201, 409, 503), answer
        return answer.status == 201

    await eventually(is_made, interval_s=0.05)
