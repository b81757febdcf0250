"""Runs one of several gateways on a port, as a child of `gateway.workers`; stops when told to, or when the parent is gone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.app import app
from gateway.settings import GatewaySettings
from gateway.worker_metrics import telling_metrics
from mesh import lifecycle, logs
from mesh.settings import load


@asynccontextmanager
async def worker(settings: GatewaySettings, metrics: Path) -> AsyncIterator[None]:
    """The gateway, as long as the parent lives: it holds the other end of our standard input and never writes. The port for
    metrics is the parent's, which hears ours through a socket."""
    settings = settings.model_copy(update={"api_gateway_metrics_port": None})
    async with app(settings, share_port=True):
        loop, parent = asyncio.get_running_loop(), sys.stdin.fileno()
        loop.add_reader(parent, _stop, loop, parent)
        with telling_metrics(metrics):
            yield


def _stop(loop: asyncio.AbstractEventLoop, parent: int) -> None:
    loop.remove_reader(parent)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    settings = load(GatewaySettings)
    logs.configure("gateway", settings.log_level, routine_share=settings.log_routine_share)
    lifecycle.run(lambda: worker(settings, Path(sys.argv[1])))
