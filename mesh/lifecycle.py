"""A process's life: one event loop, a start, work until a signal asks to stop, and a drain."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import uvloop

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(app: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    """Enter `app` (entering starts it, leaving drains it), and leave it at SIGTERM or SIGINT."""

    async def live() -> None:
        loop, life = asyncio.get_running_loop(), asyncio.current_task()
        assert life is not None  # noqa: S101  (this is a coroutine)

        def stop() -> None:
            # Once: a second signal must not cut the drain short.
            for number in SIGNALS:
                loop.add_signal_handler(number, lambda: None)
            log.info("draining")
            life.cancel()

        for number in SIGNALS:
            loop.add_signal_handler(number, stop)
        with contextlib.suppress(asyncio.CancelledError):
            async with app():
                log.info("started")
                await loop.create_future()
        log.info("stopped")

    uvloop.run(live())


@contextlib.asynccontextmanager
async def every(interval_s: float, job: Callable[[], Awaitable[object]], name: str) -> AsyncIterator[None]:
    """Run `job` again and again, `interval_s` apart, until the context is left. A failure is logged, once until it
    changes, and the next run goes ahead."""

    async def loop() -> None:
        failing = ""
        while True:
            try:
                await job()
                failing = ""
            except Exception as error:  # noqa: BLE001  (a loop that dies of its job's failure helps nobody)
                if failing != repr(error):
                    failing = repr(error)
                    log.warning("background job failed", extra={"job": name, "error": failing})
            await asyncio.sleep(interval_s)

    task = asyncio.create_task(loop(), name=name)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
