"""Which address a request comes from, and whom an address stands for."""

from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.addresses import Addresses
from gateway.settings import GatewaySettings

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.7")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1, fd00::5, 192.0.2.7"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:DB8:0::1"], "2001:db8::1"),
        ("10.0.0.1", ["10.0.0.3 , 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["rubbish, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:443"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1,"], "10.0.0.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_trusted_proxy(peer: str, forwarded: list[str], client: str) -> None:
    assert Addresses(TRUSTED, ipv6_prefix=64).client_of(peer, forwarded) == client


def test_nobody_is_trusted_unless_it_is_said() -> None:
    assert Addresses([], ipv6_prefix=64).client_of("127.0.0.1", ["198.51.100.1"]) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "spender"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_stands_for_whoever_can_take_it(address: str, spender: str) -> None:
    assert Addresses([], ipv6_prefix=64).spender_of(address) == spender


def test_how_much_of_an_address_of_ipv6_counts_can_be_set() -> None:
    assert Addresses([], ipv6_prefix=48).spender_of("2001:db8:1:2::1") == "2001:db8:1::/48"
    assert Addresses([], ipv6_prefix=128).spender_of("2001:db8:1:2::1") == "2001:db8:1:2::1/128"


def test_proxies_are_set_as_addresses_and_networks() -> None:
    given: dict[str, Any] = {"jwt_secret": "0123456789abcdefghijklmnopqrstuv", "redis_url": "redis://nowhere"}

    settings = GatewaySettings(**given, trusted_proxies="10.0.0.0/8, 192.0.2.7,fd00::1/8")

    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]
    with pytest.raises(ValidationError, match="must be addresses or networks") as raised:
        GatewaySettings(**given, trusted_proxies="10.0.0.0/8, proxy.example.com")
    assert [problem["loc"] for problem in raised.value.errors()] == [("trusted_proxies",)]
