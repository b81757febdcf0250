"""Limits: exact over several gateways, given back for what we failed at, and kept up while Redis is gone."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis
from unified.error.v1.reason_pb2 import REASON_TASK_NOT_FOUND

from dev.ports import free_port
from dev.servers import RedisServer
from gateway.buckets import Bucket, Charge, Scope
from gateway.windows import Payment, RedisWindows
from mesh.errors import ServiceError, deadline_exceeded, unavailable
from tests.integration.gateway.edge import Answer, Edge, edge_settings, running_edge
from tests.integration.gateway.services import ScriptedServices, raising
from tests.metrics import counted
from tests.waiting import eventually

# Much longer than a busy machine takes for some dozens of requests.
HANGING_S = 5.0


def client_at(address: str) -> aiohttp.ClientSession:
    """All of 127.0.0.0/8 is this machine, so tests have as many addresses as they like."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(address, 0), limit=0))


async def ask(edge: Edge, session: aiohttp.ClientSession, method: str = "GET", **options: Any) -> Answer:
    return await Edge(edge.port, session).call(method, f"{edge.url}/api/tasks", **options)


async def test_the_request_after_the_last_is_refused(services: ScriptedServices, redis_url: str) -> None:
    async with running_edge(edge_settings(services, redis_url, rate_limit_max=100)) as edge:
        start = time.monotonic()
        answers = [await edge.call("GET", "/api/tasks") for _ in range(101)]
        took_s = time.monotonic() - start

    assert [answer.status for answer in answers] == [200] * 100 + [429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers[:100]] == [str(n) for n in range(99, -1, -1)]
    refusal = answers[100]
    assert (refusal.json["code"], refusal.headers["Content-Type"]) == ("rate_limited", "application/problem+json")
    assert refusal.headers["Retry-After"] == refusal.headers["RateLimit-Reset"]
    assert 719 - took_s <= int(refusal.headers["Retry-After"]) <= 720
    assert refusal.headers["RateLimit-Limit"] == "100"
    assert refusal.headers["RateLimit-Policy"] == '"default";q=100;w=720'
    assert refusal.headers["RateLimit"] == f'"default";r=0;t={refusal.headers["Retry-After"]}'
    assert len(services.calls) == 100


async def test_every_answer_of_the_api_counts_and_says_so(services: ScriptedServices, redis_url: str) -> None:
    async with running_edge(edge_settings(services, redis_url, rate_limit_max=10)) as edge:
        for path, left in (("/nothing", "9"), ("/api/tasks?x=1", "8"), ("/api/users/login", "7")):
            assert (await edge.call("GET", path)).headers["RateLimit-Remaining"] == left
        assert (await edge.call("GET", "/api/tasks", headers={"Authorization": None})).headers["RateLimit-Remaining"] == "6"


async def test_several_gateways_share_one_limit_exactly(services: ScriptedServices, redis_url: str) -> None:
    settings = [edge_settings(services, redis_url, rate_limit_max=50, rate_limit_write_max=15) for _ in range(3)]
    async with AsyncExitStack() as stack:
        edges = [await stack.enter_async_context(running_edge(each)) for each in settings]
        one, other = client_at("127.0.0.21"), client_at("127.0.0.22")
        async with one, other:
            of_one = [ask(edges[n % 3], one) for n in range(120)]
            of_other = [ask(edges[n % 3], other, "POST", json={"title": "x"}) for n in range(30)]
            answers = await asyncio.gather(*of_one, *of_other)

    assert Counter(answer.status for answer in answers[:120]) == {200: 50, 429: 70}
    assert Counter(answer.status for answer in answers[120:]) == {201: 15, 429: 15}
    left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers[:120] if answer.status == 200]
    assert sorted(left) == list(range(50))
    writes = [answer for answer in answers[120:] if answer.status == 201]
    assert sorted(int(answer.headers["RateLimit-Remaining"]) for answer in writes) == list(range(15))
    assert {answer.json["bucket"] for answer in answers if answer.status == 429} == {"default", "write"}


async def test_signing_in_is_limited_by_address_and_by_account(services: ScriptedServices, redis_url: str) -> None:
    settings = edge_settings(services, redis_url, rate_limit_login_max=3, rate_limit_login_account_max=4)
    one, other = client_at("127.0.0.23"), client_at("127.0.0.24")
    async with running_edge(settings) as edge, one, other:

        async def login(session: aiohttp.ClientSession, email: str) -> Answer:
            body = {"email": email, "password": "x"}
            return await Edge(edge.port, session).call("POST", f"{edge.url}/api/users/login", json=body)

        of_one = [await login(one, "ada@example.com") for _ in range(4)]
        of_other = [await login(other, "ADA@example.com") for _ in range(2)]
        assert (await login(other, "bob@example.com")).status == 200

    assert [answer.status for answer in of_one] == [200, 200, 200, 429]
    assert of_one[0].headers["RateLimit-Policy"] == '"default";q=1000000;w=720, "login";q=3;w=720, "login_account";q=4;w=720'
    assert of_one[0].headers["RateLimit-Limit"] == "3"
    assert of_one[3].json["bucket"] == "login"
    # What the address was refused was not counted for the account.
    assert [answer.status for answer in of_other] == [200, 429]
    assert of_other[1].json["bucket"] == "login_account"
    assert int(of_other[1].headers["Retry-After"]) > 700


@pytest.mark.parametrize("headers", [None, {"X-Request-Timeout": "10"}])
@pytest.mark.parametrize(
    ("failure", "status", "left"),
    [
        (unavailable("the task service"), 503, ["9", "9"]),
        (RuntimeError("a bug"), 500, ["9", "9"]),
        (ServiceError(REASON_TASK_NOT_FOUND, "no such task"), 404, ["8", "7"]),
    ],
)
async def test_what_failed_on_our_side_is_given_back(
    services: ScriptedServices,
    redis_url: str,
    failure: Exception,
    status: int,
    left: list[str],
    headers: dict[str, str | None] | None,
) -> None:
    services.behaviours["CreateTask"] = raising(failure)
    async with running_edge(edge_settings(services, redis_url, rate_limit_max=10, rate_limit_write_max=9)) as edge:
        await edge.call("GET", "/api/tasks")
        answers = [await edge.call("POST", "/api/tasks", json={"title": "x"}, headers=headers) for _ in range(2)]

    assert [answer.status for answer in answers] == [status] * 2
    assert [answer.headers["RateLimit"].split(";")[1].removeprefix("r=") for answer in answers] == left
    assert [int(answer.headers["RateLimit"].split(";")[3].removeprefix("r=")) for answer in answers] == [int(n) for n in left]


@pytest.mark.parametrize(("asked", "left"), [("0.1", ["9", "8"]), ("60", ["10", "10"])])
async def test_a_client_in_a_hurry_pays_for_what_it_did_not_wait_for(
    services: ScriptedServices, redis_url: str, asked: str, left: list[str]
) -> None:
    services.behaviours["ListTasks"] = raising(deadline_exceeded())
    async with running_edge(edge_settings(services, redis_url, rate_limit_max=10)) as edge:
        answers = [await edge.call("GET", "/api/tasks", headers={"X-Request-Timeout": asked}) for _ in range(2)]

    assert [answer.status for answer in answers] == [504, 504]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == left


async def test_a_trusted_proxy_says_who_the_client_is(services: ScriptedServices, redis_url: str) -> None:
    settings = edge_settings(services, redis_url, rate_limit_max=10, trusted_proxies="127.0.0.25, 10.0.0.0/8")
    proxy, stranger = client_at("127.0.0.25"), client_at("127.0.0.26")
    async with running_edge(settings) as edge, proxy, stranger:

        async def left(session: aiohttp.ClientSession, **headers: str) -> str:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return str((await ask(edge, session, headers=sent)).headers["RateLimit-Remaining"])

        assert await left(proxy, X_Forwarded_For="203.0.113.1") == "9"
        assert await left(proxy, X_Forwarded_For="6.6.6.6, 203.0.113.1, 10.1.1.1") == "8"
        assert await left(proxy, X_Forwarded_For="2001:db8::1") == "9"
        assert await left(proxy, X_Forwarded_For="2001:db8::2") == "8"
        assert await left(proxy, Forwarded="for=203.0.113.1") == "9"
        assert await left(proxy, X_Forwarded_For="rubbish") == "8"
        assert await left(stranger, X_Forwarded_For="203.0.113.1") == "9"
        assert await left(stranger, X_Forwarded_For="203.0.113.2") == "8"


async def test_a_new_window_begins_when_the_old_ends(services: ScriptedServices, redis_url: str) -> None:
    settings = edge_settings(services, redis_url, rate_limit_max=1, rate_limit_window_seconds=1)
    async with running_edge(settings) as edge:

        async def get() -> Answer:
            return await edge.call("GET", "/api/tasks")

        assert (await get()).status == 200
        # The window may end before the next request has come.
        refused = await eventually(get, lambda answer: answer.status == 429)
        assert refused.headers["Retry-After"] == "1"
        await eventually(get, lambda answer: answer.status == 200)


def counting_in(redis: Redis) -> RedisWindows:
    return RedisWindows(redis, is_usable=lambda: True, when_gone=lambda _: None)


async def test_a_counter_without_an_end_gets_one(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        windows = counting_in(redis)
        await redis.set("ratelimit:default:30:a", 7)

        charge = Charge(Bucket("default", Scope.ADDRESS, max=10, window_s=30))
        assert await windows.spend(Payment([charge], ["a"])) == [(charge, 1, 10, 2, 30.0)]
        assert 0 < await redis.pttl("ratelimit:default:30:a") <= 30_000


async def test_requests_that_travel_together_are_each_admitted_or_refused_whole(redis_url: str) -> None:
    one, other = Charge(Bucket("one", Scope.ADDRESS, 3, 60)), Charge(Bucket("other", Scope.ADDRESS, 10, 60), cost=4)
    async with Redis.from_url(redis_url) as redis:
        windows = counting_in(redis)
        both, alone = Payment([one, other], ["a", "a"]), Payment([one], ["a"])
        standings = await asyncio.gather(*(windows.spend(each) for each in (both, both, both, alone, alone, alone)))
        await windows.give_back(both)
        counts = await redis.mget("ratelimit:one:60:a", "ratelimit:other:60:a")
        await asyncio.gather(*(windows.give_back(both) for _ in range(5)))
        await windows.spend(alone)
        await windows.give_back(Payment([Charge(one.bucket, cost=3)], ["a"]))
        nothing = await redis.mget("ratelimit:one:60:a", "ratelimit:other:60:a")

    # The third is too much for the other bucket, so it leaves the first alone.
    assert [[each.left for each in standing] for standing in standings] == [[2, 6], [1, 2], [0, -2], [0], [-1], [-1]]
    assert counts == [b"2", b"4"]
    assert nothing == [b"0", b"0"]


async def test_a_window_that_has_ended_gets_nothing_back(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        await counting_in(redis).give_back(Payment([Charge(Bucket("one", Scope.ADDRESS, 3, 60))], ["a"]))

        assert await redis.keys() == []


async def test_the_script_is_loaded_again_after_redis_forgot_it(services: ScriptedServices, redis_url: str) -> None:
    async with running_edge(edge_settings(services, redis_url)) as edge, Redis.from_url(redis_url) as redis:
        await edge.call("GET", "/api/tasks")
        await redis.script_flush()

        left = [int((await edge.call("GET", "/api/tasks")).headers["RateLimit-Remaining"]) for _ in range(2)]

    assert left == [999_998, 999_997]


@pytest.fixture
async def own_redis(run_directory: Path) -> AsyncIterator[RedisServer]:
    """A Redis of the test's own, to be stopped."""
    server = RedisServer(run_directory / "limits", free_port())
    await server.start()
    yield server
    await server.stop()


async def test_without_redis_a_share_is_counted_here_until_it_is_back(services: ScriptedServices, own_redis: RedisServer) -> None:
    settings = edge_settings(services, own_redis.url, rate_limit_max=20, rate_limit_fallback_share=0.25)
    async with running_edge(settings) as edge:
        assert (await edge.call("GET", "/api/tasks")).headers["RateLimit-Limit"] == "20"
        own_redis.kill()

        answers = [await edge.call("GET", "/api/tasks") for _ in range(6)]

        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"5"}
        assert counted("unified_limits_counted_alone") == 1
        health = (await edge.call("GET", "/health")).json
        assert health["parts"]["gateway"] == {"status": "degraded", "parts": {"redis": {"status": "unavailable"}}}
        await own_redis.start()
        await eventually(lambda: edge.call("GET", "/health"), lambda answer: answer.json["status"] == "ok")
        assert (await edge.call("GET", "/api/tasks")).headers["RateLimit-Limit"] == "20"
        assert counted("unified_limits_counted_alone") == 0


@pytest.mark.parametrize(
    ("refuse", "accept"),
    [
        (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]),
        (["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
    ],
    ids=["out of memory", "replica"],
)
async def test_a_redis_that_answers_but_refuses_to_count_is_left_alone_until_it_counts(
    services: ScriptedServices,
    own_redis: RedisServer,
    caplog: pytest.LogCaptureFixture,
    refuse: list[str],
    accept: list[str],
) -> None:
    caplog.set_level("INFO", logger="gateway.limits")
    settings = edge_settings(services, own_redis.url, rate_limit_max=100, rate_limit_fallback_share=0.5)
    async with running_edge(settings) as edge, Redis.from_url(own_redis.url) as redis:

        async def limit() -> str:
            return str((await edge.call("GET", "/api/tasks")).headers["RateLimit-Limit"])

        async def refused() -> int:
            return int((await redis.info("commandstats"))["cmdstat_set"]["rejected_calls"])

        assert await limit() == "100"
        await redis.execute_command(*refuse)  # type: ignore[no-untyped-call]
        await eventually(refused)
        before = await refused()
        assert await limit() == "50"
        await eventually(refused, lambda probes: probes >= before + 5)
        assert await limit() == "50"
        said = [record.message for record in caplog.records if record.name == "gateway.limits"]
        assert said == ["redis is gone: limits are counted in this process"]
        await redis.execute_command(*accept)  # type: ignore[no-untyped-call]
        await eventually(limit, lambda found: found == "100")


async def test_a_redis_that_hangs_is_waited_for_once(services: ScriptedServices, own_redis: RedisServer) -> None:
    settings = edge_settings(services, own_redis.url, health_interval_seconds=60)
    async with running_edge(settings, redis_timeout_s=HANGING_S) as edge, asyncio.timeout(60):
        await edge.call("GET", "/api/tasks")
        assert own_redis.pid
        os.kill(own_redis.pid, signal.SIGSTOP)
        try:
            start = time.monotonic()
            answers = await asyncio.gather(*(edge.call("GET", "/api/tasks") for _ in range(50)))
            first_s = time.monotonic() - start
            start = time.monotonic()
            answers += [await edge.call("GET", "/api/tasks") for _ in range(20)]
            next_s = time.monotonic() - start
        finally:
            os.kill(own_redis.pid, signal.SIGCONT)

    assert {answer.status for answer in answers} == {200}
    assert HANGING_S <= first_s < 2 * HANGING_S
    assert next_s < HANGING_S
