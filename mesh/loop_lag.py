"""How late the event loop is: what waits for it, waits at least so long."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from prometheus_client import Histogram

INTERVAL_S = 0.25
LAG = Histogram(
    "unified_loop_lag_seconds",
    "How late the event loop came to what was due.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


@contextlib.asynccontextmanager
async def watching_lag() -> AsyncIterator[None]:
    """Look at the running loop until the context is left."""
    watch = asyncio.create_task(_watch(), name="loop lag")
    try:
        yield
    finally:
        watch.cancel()


async def _watch() -> None:
    while True:
        due = time.monotonic() + INTERVAL_S
        await asyncio.sleep(INTERVAL_S)
        LAG.observe(max(0.0, time.monotonic() - due))
