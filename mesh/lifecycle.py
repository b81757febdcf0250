"""A process's life: one event loop, a start, work until a signal asks to stop, and a drain."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import uvloop

from mesh.loop_lag import watching_lag

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(app: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    """Enter `app` (entering starts it, leaving drains it), and leave it at SIGTERM or SIGINT."""

    async def live() -> None:
        loop, life, stopping = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
        assert life is not None  # noqa: S101  (this is a coroutine)

        def stop() -> None:
            # Once: a second signal must not cut the drain short.
            for number in SIGNALS:
                loop.add_signal_handler(number, lambda: None)
            log.info("draining")
            stopping.set()
            life.cancel()

        for number in SIGNALS:
            loop.add_signal_handler(number, stop)
        with contextlib.suppress(asyncio.CancelledError):
            async with watching_lag(), app():
                log.info("started")
                # Already set where a driver swallowed the cancellation of the start.
                await stopping.wait()
        log.info("stopped")

    uvloop.run(live())


@contextlib.asynccontextmanager
async def every(interval_s: float, job: Callable[[], Awaitable[object]], name: str) -> AsyncIterator[None]:
    """Run `job` again and again, `interval_s` apart, until the context is left. A failure is logged, once until it
    changes, and the next run goes ahead."""

    async def loop() -> None:
        failing, task = "", asyncio.current_task()
        # A job that was cancelled just as it ended (asyncio.wait_for of Python 3.11 does it) forgets that it was.
        while task is not None and not task.cancelling():
            try:
                await job()
                failing = ""
            except Exception as error:  # noqa: BLE001  (a loop that dies of its job's failure helps nobody)
                if failing != repr(error):
                    failing = repr(error)
                    log.warning("background job failed", extra={"job": name, "error": failing})
            await asyncio.sleep(0 if task.cancelling() else interval_s)

    background = asyncio.create_task(loop(), name=name)
    try:
        yield
    finally:
        background.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await background
