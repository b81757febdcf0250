"""Ports for servers: finding one that nothing uses, seeing whether one is in use, and what answers there."""

import asyncio
import fcntl
import os
import secrets
import socket
import tempfile
from functools import cache
from pathlib import Path

# Between being found and being bound, and while its server is started anew, a port looks free: of two servers that are about to
# start only one would get it.
_found: set[int] = set()


def free_port(count: int = 1) -> int:
    """A loopback port that nothing uses now and that neither this process nor another that still runs has found before, the first
    of `count` such ones.

    They lie below the kernel's range for outgoing connections, so no connection can take one before the server binds it.
    """
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = 10_000 + secrets.randbelow(max(first_outgoing - 10_000, 10_000))
        ports = range(port, port + count)
        if _found.isdisjoint(ports) and not any(map(in_use, ports)) and _claimed(ports):
            _found.update(ports)
            return port


def _claimed(ports: range) -> bool:
    """Whether they are this process's now, until its end."""
    claims = _claims()
    try:
        fcntl.lockf(claims, fcntl.LOCK_EX | fcntl.LOCK_NB, len(ports), ports.start)
    except (BlockingIOError, PermissionError):
        return False
    return True


@cache
def _claims() -> int:
    """A file that all processes of the user share. It stays open, and empty: of a port that was found, the byte is locked."""
    return os.open(Path(tempfile.gettempdir(), f"ports-found-{os.getuid()}"), os.O_RDWR | os.O_CREAT, 0o600)


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
