"""Stopping takes seconds, also when what a process talks to has fallen silent."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.servers import RabbitMQ
from tests.e2e.rest import visiting
from tests.platform import Platform
from tests.waiting import until

LONGEST_STOP_S = 10.0


@contextmanager
def silent(pid: int | None) -> Iterator[None]:
    """The process neither answers nor ends its connections."""
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def seconds_to_stop(platform: Platform, name: str) -> float:
    pid = platform.process(name).pid
    assert pid is not None
    start = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    await until(lambda: not Path("/proc", str(pid)).exists() or platform.process(name).pid is None)
    return time.monotonic() - start


async def test_every_process_stops_in_time_while_rabbitmq_is_silent(
    new_platform: Callable[..., Platform], rabbitmq: RabbitMQ
) -> None:
    platform = new_platform(settings={"DRAIN_SECONDS": "5"})
    await platform.start()
    async with visiting(platform.base_url) as visitor:
        ada = await visitor.sign_up()
        await ada.creates()
        await ada.is_notified(1)
        with silent(rabbitmq.pid):
            # Published and not confirmed when the stop comes.
            for _ in range(5):
                await ada.creates()
            took = {name: await seconds_to_stop(platform, name) for name in ("gateway", "task_svc", "notify_svc", "user_svc")}
    assert max(took.values()) < LONGEST_STOP_S, took
