"""Whose request it is by its address: that of the connection, or behind trusted proxies the one that they saw."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Addresses:
    """`trusted` are the proxies whose word on `X-Forwarded-For` counts. The field `Forwarded` never counts."""

    def __init__(self, trusted: Sequence[Network], *, ipv6_prefix: int) -> None:
        self._trusted, self._ipv6_prefix = trusted, ipv6_prefix

    def client_of(self, peer: str, forwarded: Sequence[str]) -> str:
        """The address a request comes from. `peer` is that of its connection, `forwarded` its fields `X-Forwarded-For`.

        Each proxy adds on the right what it sees, so the first from there that is no proxy of ours is the client; what stands
        further left is the client's own word. Where there is no address to be read, it is the peer.
        """
        if not self._trusted:
            return peer
        client, hops = _parsed(peer), ",".join(forwarded).split(",")
        while client is not None and hops and any(client in network for network in self._trusted):
            client = _parsed(hops.pop().strip())
        return peer if client is None else str(client)

    def spender_of(self, address: str) -> str:
        """Whom an address stands for: one host of IPv4, one network of IPv6, where a host can take any address it likes."""
        if ":" not in address:
            return address
        ip = _parsed(address)
        return str(IPv6Network((ip, self._ipv6_prefix), strict=False)) if isinstance(ip, IPv6Address) else str(ip or address)


def _parsed(text: str) -> Address | None:
    """An address of IPv4 that is written as one of IPv6 is one of IPv4."""
    try:
        ip = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
