"""Counting in this process, what a decision says in headers, and whom an address stands for."""

import pytest
from unified.error.v1.reason_pb2 import REASON_RATE_LIMITED

from gateway.errors import RestError
from gateway.limits import Decision, Quota, client_of
from gateway.windows import Count, LocalWindows

QUOTA = Quota(max=100, window_s=720)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_begins_with_its_first_request_and_ends_after_its_time() -> None:
    clock = Clock()
    windows = LocalWindows(60, now=clock)

    assert windows.count("a") == Count(1, 60)
    clock.now += 59.5
    assert windows.count("a") == Count(2, 0.5)
    assert windows.count("b") == Count(1, 60)
    clock.now += 0.5
    assert windows.count("a") == Count(1, 60)


def test_of_too_many_clients_the_quietest_are_forgotten() -> None:
    windows = LocalWindows(60, max_clients=2, now=Clock())

    for client in ("a", "b", "a", "c"):
        windows.count(client)

    assert windows.count("a").requests == 3
    assert windows.count("b").requests == 1


def test_a_decision_says_what_is_left() -> None:
    decision = Decision(QUOTA, Count(1, 719.2))

    decision.raise_if_refused()
    assert decision.headers() == {
        "RateLimit-Limit": "100",
        "RateLimit-Remaining": "99",
        "RateLimit-Reset": "720",
        "RateLimit-Policy": '"default";q=100;w=720',
        "RateLimit": '"default";r=99;t=720',
    }


def test_the_last_request_of_the_quota_is_admitted_and_the_next_refused() -> None:
    Decision(QUOTA, Count(100, 5)).raise_if_refused()

    with pytest.raises(RestError) as raised:
        Decision(QUOTA, Count(101, 4.1)).raise_if_refused()

    assert (raised.value.reason, raised.value.retry_after_s) == (REASON_RATE_LIMITED, 5)
    assert Decision(QUOTA, Count(250, 4.1)).headers()["RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_stands_for_whoever_can_take_it(address: str, client: str) -> None:
    assert client_of(address) == client
