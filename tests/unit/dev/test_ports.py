"""Ports that are found for servers to come."""

from dev.ports import free_port


def test_no_port_is_found_twice() -> None:
    found = [port + following for port in (free_port(3) for _ in range(200)) for following in range(3)]
    assert len(set(found)) == len(found)
