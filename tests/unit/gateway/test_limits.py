"""Counting in this process, and what an answer says of what its request took."""

from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from unified.error.v1.reason_pb2 import REASON_RATE_LIMITED

from gateway.buckets import Bucket, Charge, Scope
from gateway.errors import RestError
from gateway.limits import Limiter
from gateway.tally import Tally
from gateway.windows import LocalWindows, Payment

DEFAULT = Charge(Bucket("default", Scope.ADDRESS, max=100, window_s=720))
LOGIN = Charge(Bucket("login", Scope.ADDRESS, max=2, window_s=60))
WRITE = Charge(Bucket("write", Scope.USER, max=50, window_s=30), cost=20)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def stand(windows: LocalWindows, *spenders: str, charges: Sequence[Charge] = (LOGIN,)) -> list[tuple[int, float]]:
    """What is left in each window, and for how long, after one more request."""
    return [(each.left, each.reset_s) for each in await windows.spend(Payment(charges, spenders))]


async def test_a_window_begins_with_its_first_request_and_ends_after_its_time() -> None:
    clock = Clock()
    windows = LocalWindows(1, now=clock)

    assert await stand(windows, "a") == [(1, 60)]
    clock.now += 59.5
    assert await stand(windows, "a") == [(0, 0.5)]
    assert await stand(windows, "b") == [(1, 60)]
    clock.now += 0.5
    assert await stand(windows, "a") == [(1, 60)]


async def test_what_is_too_much_for_one_window_is_taken_from_none() -> None:
    windows = LocalWindows(1, now=Clock())
    for _ in range(2):
        await stand(windows, "a", "a", charges=(DEFAULT, LOGIN))

    assert await stand(windows, "a", "a", charges=(DEFAULT, LOGIN)) == [(97, 720), (-1, 60)]
    assert await stand(windows, "a", charges=(DEFAULT,)) == [(97, 720)]


async def test_of_too_many_clients_the_quietest_are_forgotten() -> None:
    windows = LocalWindows(1, max_clients=2, now=Clock())

    for client in ("a", "b", "a", "c"):
        await stand(windows, client, charges=(DEFAULT,))

    assert await stand(windows, "a", charges=(DEFAULT,)) == [(97, 720)]
    assert await stand(windows, "b", charges=(DEFAULT,)) == [(99, 720)]


async def test_a_process_alone_holds_its_share_of_every_bucket() -> None:
    windows = LocalWindows(0.25, now=Clock())

    assert await stand(windows, "a", charges=(DEFAULT,)) == [(24, 720)]
    assert await stand(windows, "a") == [(0, 60)], "a share of less than one request would refuse everything"
    assert await stand(windows, "a", charges=(WRITE,)) == [(0, 30)], "and so would a cost of more than the share"


@pytest.fixture
def limiter() -> Limiter:
    """One that counts in this process, by a clock that stands still."""
    limiter = Limiter(Redis(), fallback_share=1)
    limiter.redis_is_up = False
    limiter._local = LocalWindows(1, now=Clock())
    return limiter


async def test_an_answer_says_what_is_left_of_each_bucket_and_most_of_the_nearest(limiter: Limiter) -> None:
    tally = Tally(limiter)
    assert tally.headers() == {}

    await tally.spend([DEFAULT], ["127.0.0.1"])
    assert tally.headers() == {
        "RateLimit-Limit": "100",
        "RateLimit-Remaining": "99",
        "RateLimit-Reset": "720",
        "RateLimit-Policy": '"default";q=100;w=720',
        "RateLimit": '"default";r=99;t=720',
    }

    await tally.spend([], [])
    await tally.spend([WRITE], ["ada"])
    assert tally.headers() == {
        # 30 of 50 are left, which is one request more, at 20 each.
        "RateLimit-Limit": "50",
        "RateLimit-Remaining": "30",
        "RateLimit-Reset": "30",
        "RateLimit-Policy": '"default";q=100;w=720, "write";q=50;w=30',
        "RateLimit": '"default";r=99;t=720, "write";r=30;t=30',
    }


async def test_a_refusal_names_its_bucket_and_takes_from_none(limiter: Limiter) -> None:
    for _ in range(2):
        await Tally(limiter).spend([DEFAULT, LOGIN], ["a", "a"])
    refused = Tally(limiter)
    refusals = REGISTRY.get_sample_value("unified_rate_limited_total", {"limit": "login"}) or 0

    with pytest.raises(RestError, match="at most 2 requests in 60 seconds") as raised:
        await refused.spend([DEFAULT, LOGIN], ["a", "a"])

    assert (raised.value.reason, raised.value.retry_after_s) == (REASON_RATE_LIMITED, 60)
    assert raised.value.members == {"bucket": "login"}
    assert REGISTRY.get_sample_value("unified_rate_limited_total", {"limit": "login"}) == refusals + 1
    assert refused.headers()["RateLimit"] == '"default";r=98;t=720, "login";r=0;t=60'
    assert (refused.headers()["RateLimit-Limit"], refused.headers()["RateLimit-Remaining"]) == ("2", "0")


async def test_of_several_refusals_the_one_that_lasts_longest_counts(limiter: Limiter) -> None:
    last = Charge(Bucket("last", Scope.ADDRESS, max=1, window_s=90))
    brief = Charge(Bucket("brief", Scope.ADDRESS, max=1, window_s=10))
    await Tally(limiter).spend([last, brief], ["a", "a"])

    with pytest.raises(RestError) as raised:
        await Tally(limiter).spend([brief, last], ["a", "a"])

    assert (raised.value.members, raised.value.retry_after_s) == ({"bucket": "last"}, 90)


async def test_what_is_given_back_was_never_spent(limiter: Limiter) -> None:
    tally = Tally(limiter)
    await tally.spend([DEFAULT], ["a"])
    await tally.spend([WRITE], ["ada"])

    await tally.give_back()

    assert tally.headers()["RateLimit"] == '"default";r=100;t=720, "write";r=50;t=30'
    assert await stand(limiter._local, "a", "ada", charges=(DEFAULT, WRITE)) == [(99, 720), (30, 30)]


async def test_no_more_is_given_back_than_a_process_alone_took(limiter: Limiter) -> None:
    limiter._local = LocalWindows(0.2, now=Clock())
    tally, refused = Tally(limiter), Tally(limiter)
    await tally.spend([WRITE], ["ada"])
    assert tally.headers()["RateLimit-Remaining"] == "0"

    with pytest.raises(RestError, match="where this one counts as 10"):
        await refused.spend([WRITE], ["ada"])
    assert refused.headers()["RateLimit-Remaining"] == "0"
    await tally.give_back()

    assert (tally.headers()["RateLimit-Limit"], tally.headers()["RateLimit-Remaining"]) == ("10", "10")


async def test_a_window_that_has_ended_meanwhile_gets_nothing_back() -> None:
    clock = Clock()
    limiter = Limiter(Redis(), fallback_share=1, now=clock)
    limiter.redis_is_up = False
    limiter._local = LocalWindows(1, now=clock)
    tally = Tally(limiter)
    await tally.spend([DEFAULT, LOGIN], ["a", "a"])
    clock.now += 60
    await Tally(limiter).spend([LOGIN], ["a"])

    await tally.give_back()

    assert await stand(limiter._local, "a", "a", charges=(DEFAULT, LOGIN)) == [(99, 660), (0, 60)]
