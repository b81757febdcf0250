"""Ports for servers: finding one that nothing uses, seeing whether one is in use, and what answers there."""

import asyncio
import secrets
import socket
from pathlib import Path

# Between being found and being bound a port looks free: of two servers that are about to start only one would get it.
_found: set[int] = set()


def free_port(count: int = 1) -> int:
    """A loopback port that nothing uses now and that was not found before, the first of `count` such ones.

    They lie below the kernel's range for outgoing connections, so no connection can take one before the server binds it.
    """
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = 10_000 + secrets.randbelow(max(first_outgoing - 10_000, 10_000))
        ports = range(port, port + count)
        if _found.isdisjoint(ports) and not any(map(in_use, ports)):
            _found.update(ports)
            return port


def in_use(port: int, address: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        # As servers do: connections of an earlier server that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


async def answer_of(port: int, greeting: bytes) -> bytes:
    """The first bytes that a server says after the greeting; an OSError when nothing listens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(greeting)
        return await reader.read(100)
    finally:
        writer.close()
        await writer.wait_closed()
