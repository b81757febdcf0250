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
from dev.state import StateWriter, read

log = logging.getLogger(__name__)


class SupervisorProcess(Process):
    """The supervisor seen from outside: ready when the whole stack is."""

    start_timeout_s = 300.0
    # It stops three stages of processes, each of which has its own time to stop.
    stop_timeout_s = 150.0

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        super().__init__("supervisor", home, {})
        self._environment = environment
        # Servers are looked for on the path of whoever starts it.
        self._path = os.environ.get("PATH", os.defpath)

    def command(self) -> Command:
        return Command([sys.executable, "-m", "dev", "supervise"], {**SOURCES, **self._environment, "PATH": self._path}, ROOT)

    async def ready(self) -> bool:
        return read(self.directory).complete


class Supervisor:
    """Starts stage after stage, then watches every process, also those that an earlier supervisor started."""

    def __init__(
        self,
        stages: list[list[Process]],
        state: StateWriter,
        *,
        first_delay_s: float = 0.5,
        longest_delay_s: float = 30.0,
        steady_s: float = 60.0,
    ) -> None:
        """A process that dies waits `first_delay_s`, and twice as long each time after, unless it ran for `steady_s`."""
        self._stages, self._state = stages, state
        self._first_delay_s, self._longest_delay_s, self._steady_s = first_delay_s, longest_delay_s, steady_s

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
        log.error("gave up", extra={"reason": str(outcome)})
        self._state.fail(str(outcome))
        return False

    async def _start_and_watch(self) -> None:
        for stage in self._stages:
            await _all(self._start(process) for process in stage)
        self._state.complete()
        await _all(self._watch(process) for stage in self._stages for process in stage)

    async def _start(self, process: Process) -> None:
        self._state.note(process.name, "starting")
        await process.start()
        self._state.note(process.name, "running")

    async def _watch(self, process: Process) -> None:
        delay_s = self._first_delay_s
        while True:
            watched_from = time.monotonic()
            await process.exited()
            if time.monotonic() - watched_from > self._steady_s:
                delay_s = self._first_delay_s
            log.warning("process died", extra={"program": process.name, "restart_in_s": delay_s})
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, self._longest_delay_s)
            await self._restart(process)

    async def _restart(self, process: Process) -> None:
        self._state.note(process.name, "restarting")
        try:
            await process.start()
        except (StartError, OSError):
            log.exception("process cannot be started", extra={"program": process.name})
            await process.stop()
        else:
            self._state.note(process.name, "running")

    async def _stop_all(self) -> None:
        for stage in reversed(self._stages):
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
