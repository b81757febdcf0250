"""Several gateway processes that share one port: started together, restarted when they die, stopped together."""

import asyncio
import logging
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.settings import GatewaySettings
from gateway.worker_metrics import WorkersMetrics
from mesh.metrics import serving_metrics

log = logging.getLogger(__name__)

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 30.0
# A worker that lived this long did not die of its start.
HEALTHY_LIFE_S = 10.0
# What a worker needs to stop besides its drain.
STOP_MARGIN_S = 3.0


@asynccontextmanager
async def workers(settings: GatewaySettings) -> AsyncIterator[None]:
    """The running workers, until the context is left; then each drains. Raises OSError when the port is taken."""
    _check_port(settings.bind_address, settings.api_gateway_port)
    drain_s = settings.drain_seconds + STOP_MARGIN_S
    with tempfile.TemporaryDirectory() as directory:
        sockets = {str(number): Path(directory, f"{number}.metrics") for number in range(settings.gateway_workers)}
        with serving_metrics(settings.bind_address, settings.api_gateway_metrics_port, WorkersMetrics(sockets)):
            tasks = [asyncio.create_task(_keep_running(number, path, drain_s)) for number, path in sockets.items()]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


def _check_port(address: str, port: int) -> None:
    """Workers share the port with whoever shares it too, so a stranger on it has to be found before."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        raise OSError(f"cannot listen on {address}:{port}: {error.strerror}") from error


async def _keep_running(number: str, metrics: Path, drain_s: float) -> None:
    backoff_s = FIRST_BACKOFF_S
    while True:
        started = time.monotonic()
        status = await _run_once(metrics, drain_s)
        log.warning("worker died", extra={"worker": number, "exit_status": status})
        lived_s = time.monotonic() - started
        backoff_s = FIRST_BACKOFF_S if lived_s > HEALTHY_LIFE_S else min(backoff_s * 2, LONGEST_BACKOFF_S)
        await asyncio.sleep(backoff_s)


async def _run_once(metrics: Path, drain_s: float) -> int:
    """Run a worker until it ends, or end it when we are cancelled."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway.worker", str(metrics), stdin=PIPE)
    try:
        return await process.wait()
    finally:
        await _stop(process, drain_s)


async def _stop(process: Process, drain_s: float) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(drain_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
