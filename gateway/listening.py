"""Listens for HTTP until told to stop, then drains."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from gateway.connections import EdgeServer

BACKLOG = 1024
# Time for a load balancer to see that we are not ready, and for busy connections to get an answer that closes them.
GOODBYE_S = 0.3


@asynccontextmanager
async def listening(server: EdgeServer, address: str, port: int, *, share_port: bool, drain_s: float) -> AsyncIterator[int]:
    """Serve until the context is left. Then: not ready, answers close their connections; no new connections, and what is
    under way gets `drain_s` seconds. Raises OSError when the port is taken."""
    runner = web.ServerRunner(server, shutdown_timeout=drain_s)
    await runner.setup()
    try:
        await _start(web.TCPSite(runner, address, port, backlog=BACKLOG, reuse_port=share_port))
        try:
            yield runner.addresses[0][1]
        finally:
            server.drain()
            await asyncio.sleep(min(GOODBYE_S, drain_s))
    finally:
        await runner.cleanup()


async def _start(site: web.TCPSite) -> None:
    try:
        await site.start()
    except OSError as error:
        raise OSError(f"cannot listen on {site.name}: is the port taken?") from error
