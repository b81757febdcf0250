"""Restarting one process after another under load: callers notice nothing."""

import asyncio
import secrets
from collections.abc import Callable

import aiohttp

from tests.e2e.rest import Client, Person, visiting
from tests.faults.traffic import WRITERS, under_load
from tests.platform import Platform
from tests.waiting import until

RETRIES = 50


def calls_served(platform: Platform, name: str) -> int:
    """By the lines in the process's log, those of health and status apart."""
    lines = platform.process(name).log_file.read_text().splitlines()
    return sum('"message":"call"' in line and "unified.api" not in line for line in lines)


async def test_a_rolling_restart_of_the_services_fails_no_call(new_platform: Callable[..., Platform]) -> None:
    platform = new_platform(replicas={"user_svc": 2, "task_svc": 2, "notify_svc": 2})
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
    for attempt in range(RETRIES):
        try:
            answer = await (ada, other)[attempt % 2].post("/api/tasks", {"title": key}, headers=headers)
        except aiohttp.ClientError:
            continue
        if answer.status == 201:
            return
        assert answer.status in (409, 503), answer
        await asyncio.sleep(0.05)
    raise AssertionError("no gateway answered")
