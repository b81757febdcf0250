"""What still works, and what is answered, while a part of the platform is away; and that all is well when it is back."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dev.ports import free_port
from dev.servers import Mongod, RedisServer
from tests.changed import PATIENT_GATEWAY
from tests.e2e.rest import Client, Person, visiting
from tests.platform import Platform
from tests.waiting import eventually

MakePlatform = Callable[..., Platform]


@pytest.fixture
async def own_redis(run_directory: Path) -> AsyncIterator[RedisServer]:
    """A Redis that this test may stop."""
    server = RedisServer(run_directory / f"redis_{secrets.token_hex(4)}", free_port())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def own_mongod(run_directory: Path) -> AsyncIterator[Mongod]:
    """A MongoDB that this test may stop."""
    server = Mongod(run_directory / f"mongod_{secrets.token_hex(4)}", free_port())
    await server.start()
    yield server
    await server.stop()


async def health(person: Client) -> dict[str, Any]:
    report: dict[str, Any] = (await person.get("/health")).json
    return report


def away(parts: dict[str, Any]) -> set[str]:
    return {name for name, part in parts.items() if part["status"] == "unavailable"}


async def seconds_to_be_refused(person: Person) -> float:
    started = time.monotonic()
    (await person.get("/api/tasks")).expect(503)
    return time.monotonic() - started


async def test_without_redis_the_platform_works_and_each_gateway_counts_its_share(
    new_platform: MakePlatform, own_redis: RedisServer
) -> None:
    limits = {"RATE_LIMIT_MAX": "40", "RATE_LIMIT_WINDOW_SECONDS": "600", "RATE_LIMIT_FALLBACK_SHARE": "0.5"}
    platform = new_platform(redis_url=own_redis.url, settings=limits, gateways=2, modules=PATIENT_GATEWAY)
    await platform.start()
    async with visiting(platform.base_urls[0]) as one, visiting(platform.base_urls[1]) as two:
        ada = await one.sign_up()
        assert (await two.get("/api/nowhere")).headers["RateLimit-Remaining"] == "37"
        (await ada.get("/api/users/profile")).expect(200)
        await own_redis.stop()

        assert (await ada.get("/api/users/profile")).expect(200) == ada.user
        assert (await ada.patch("/api/users/profile", {"name": "Countess"})).expect(200)["name"] == "Countess"
        assert (await ada.get("/api/users/profile")).expect(200)["name"] == "Countess"
        degraded = await eventually(lambda: health(ada), lambda report: report["parts"]["user_svc"]["status"] == "degraded")
        assert degraded["status"] == "degraded"
        assert degraded["parts"]["gateway"]["parts"]["redis"]["status"] == "unavailable"
        statuses = [(await ada.get("/api/users/profile")).status for _ in range(30)]
        assert statuses.count(429) > 0
        assert (await two.get("/api/nowhere")).headers["RateLimit-Limit"] == "20"
        started = time.monotonic()
        for _ in range(10):
            await two.get("/api/nowhere")
        assert time.monotonic() - started < 15

        await own_redis.start()
        for each in (one, two):
            await eventually(partial(health, each), lambda report: report["status"] == "ok")
            # The gateway's own look at Redis is another one, and on a busy machine the server may be late once more.
            await eventually(partial(each.get, "/api/nowhere"), lambda answer: answer.headers["RateLimit-Limit"] == "40")
        counts = [int((await client.get("/api/nowhere")).headers["RateLimit-Remaining"]) for client in (one, two, one, two)]
        assert counts == [counts[0] - step for step in range(4)]
        token = {"Authorization": f"Bearer {ada.token}"}
        assert (await two.get("/api/users/profile", headers=token)).expect(200)["name"] == "Countess"


async def test_without_its_mongodb_one_service_says_so_and_the_others_work(
    new_platform: MakePlatform, own_mongod: Mongod
) -> None:
    platform = new_platform(settings={"MONGO_URI_TASK_SERVICE": own_mongod.url})
    await platform.start()
    async with visiting(platform.base_url) as visitor:
        ada = await visitor.sign_up()
        task = await ada.creates()
        await ada.is_notified(1)
        own_mongod.kill()

        for refused in (await ada.get("/api/tasks"), await ada.post("/api/tasks", {"title": "x"})):
            assert refused.expect(503)["code"] == "unavailable"
            assert int(refused.headers["Retry-After"]) >= 1
        (await ada.get("/api/users/profile")).expect(200)
        assert len(await ada.notifications()) == 1
        report = await eventually(lambda: health(ada), lambda report: "mongodb" in away(report["parts"]["task_svc"]["parts"]))
        assert report["parts"]["task_svc"]["status"] == "unavailable"
        assert (await ada.get("/api/tasks/home")).status == 503
        # The gateway hears of it on its channel for calls too, perhaps a little later.
        took = min([await seconds_to_be_refused(ada) for _ in range(5)])
        assert took < 1, "a service that says it is not ready must not be waited for"

        await own_mongod.start()
        await eventually(lambda: health(ada), lambda report: report["status"] == "ok")
        back = await eventually(lambda: ada.get("/api/tasks"), lambda answer: answer.status == 200)
        assert back.json == {"tasks": [task]}


async def test_without_a_service_its_routes_answer_503_at_once_and_the_others_work(platform: Platform, ada: Person) -> None:
    platform.kill("task_svc")
    refused = await eventually(lambda: ada.get("/api/tasks"), lambda answer: answer.status == 503)
    assert refused.json["code"] == "unavailable"
    assert int(refused.headers["Retry-After"]) >= 1
    started = time.monotonic()
    for _ in range(20):
        (await ada.get("/api/tasks")).expect(503)
    assert time.monotonic() - started < 15
    (await ada.get("/api/users/profile")).expect(200)
    await platform.process("task_svc").start()
    await eventually(lambda: ada.get("/api/tasks"), lambda answer: answer.status == 200)


async def test_a_service_that_hangs_is_waited_for_until_the_deadline_and_then_no_more(new_platform: MakePlatform) -> None:
    platform = new_platform(settings={"API_TIMEOUT_SECONDS": "3"})
    await platform.start()
    async with visiting(platform.base_url) as visitor:
        ada = await visitor.sign_up()
        pid = platform.process("task_svc").pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            waited = await asyncio.gather(*(ada.get("/api/tasks") for _ in range(5)))
            assert {answer.expect(504)["code"] for answer in waited} == {"deadline_exceeded"}
            await eventually(lambda: ada.get("/api/tasks"), lambda answer: answer.status == 503)
            started = time.monotonic()
            answers = [await ada.get("/api/tasks") for _ in range(20)]
            assert sum(answer.status == 503 for answer in answers) >= 15
            # A minute, if each were waited for.
            assert time.monotonic() - started < 20
            (await ada.get("/api/users/profile")).expect(200)
        finally:
            os.kill(pid, signal.SIGCONT)
        await eventually(lambda: ada.get("/api/tasks"), lambda answer: answer.status == 200)
