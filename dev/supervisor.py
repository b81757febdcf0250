"""Runs in the background: starts the stack in order, restarts what dies, and stops it in reverse order when told to."""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

from dev.process import Command, Process, StartError
from dev.service import ROOT, SOURCES
from dev.stack import Stack
from dev.state import StateWriter, read

log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
# Who ran this long before dying starts with the first delay again.
STEADY_S = 60.0


class SupervisorProcess(Process):
    """The supervisor seen from outside: ready when the whole stack is."""

    start_timeout_s = 300.0
    # It stops three stages of processes, each of which has its own time to stop.
    stop_timeout_s = 150.0

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        super().__init__("supervisor", home, {})
        self._environment = environment

    def command(self) -> Command:
        return Command([sys.executable, "-m", "dev", "supervise"], {"PATH": os.defpath, **SOURCES, **self._environment}, ROOT)

    async def prepare(self) -> None:
        await super().prepare()
        # What an earlier supervisor said is not this one's state.
        StateWriter(self.directory)

    async def ready(self) -> bool:
        return read(self.directory).complete


class Supervisor:
    """Watches every process of the stack, also those that an earlier supervisor started."""

    def __init__(self, stack: Stack, state: StateWriter) -> None:
        self._stack, self._state = stack, state

    async def run(self) -> bool:
        """Until SIGTERM or SIGINT. False when something could not be started; then nothing is left running."""
        told_to_stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
        life = asyncio.create_task(self._start_and_watch())
        stop = asyncio.create_task(told_to_stop.wait())
        await asyncio.wait((life, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        life.cancel()
        outcome = (await asyncio.gather(life, return_exceptions=True))[0]
        await self._stop_all()
        if isinstance(outcome, asyncio.CancelledError):
            return True
        log.error("gave up", extra={"why": str(outcome)})
        self._state.fail(str(outcome))
        return False

    async def _start_and_watch(self) -> None:
        for stage in self._stack.stages:
            await _all(self._start(process) for process in stage)
        self._state.complete()
        await _all(self._watch(process) for process in self._stack)

    async def _start(self, process: Process) -> None:
        self._state.note(process.name, "starting")
        await process.start()
        self._state.note(process.name, "running")

    async def _watch(self, process: Process) -> None:
        delay_s = FIRST_DELAY_S
        while True:
            watched_from = time.monotonic()
            await process.exited()
            if time.monotonic() - watched_from > STEADY_S:
                delay_s = FIRST_DELAY_S
            log.warning("%s died; starting it again in %.1f s", process.name, delay_s)
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, LONGEST_DELAY_S)
            await self._restart(process)

    async def _restart(self, process: Process) -> None:
        self._state.note(process.name, "restarting")
        try:
            await process.start()
        except (StartError, OSError):
            log.exception("%s cannot be started", process.name)
            await process.stop()
        else:
            self._state.note(process.name, "running")

    async def _stop_all(self) -> None:
        for stage in reversed(self._stack.stages):
            await _all(self._stop(process) for process in stage)

    async def _stop(self, process: Process) -> None:
        await process.stop()
        self._state.note(process.name, "stopped")


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run them side by side; the first failure is raised alone, after the others were cancelled."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
