"""Brings back what dies, after a random pause, and knows whether it was meant to die."""

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping

from dev.process import Process, StartError

log = logging.getLogger(__name__)

PAUSE_S = (0.1, 1.5)
MOST_STARTS = 5


class Supervision:
    """Of running processes, by name."""

    def __init__(self, processes: Mapping[str, Process], *, seed: int) -> None:
        self._processes, self._random = processes, random.Random(seed)
        self._up = {name: asyncio.Event() for name in processes}
        self.kills, self.deaths = Counter[str](), Counter[str]()

    async def kill(self, name: str) -> None:
        """As kill -9 does, once it runs."""
        await self._up[name].wait()
        if self._processes[name].pid is not None:
            log.info("kill -9 of %s", name)
            self.kills[name] += 1
            self._processes[name].kill()

    async def all_up(self) -> None:
        """Return when everything runs."""
        await asyncio.gather(*(event.wait() for event in self._up.values()))

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Take up the work, until the context is left. What cannot be started ends it with a StartError."""
        async with asyncio.TaskGroup() as keepers:
            tasks = [keepers.create_task(self._keep(name)) for name in self._processes]
            yield
            for task in tasks:
                task.cancel()

    async def _keep(self, name: str) -> None:
        process = self._processes[name]
        while True:
            self._up[name].set()
            await process.exited()
            self._up[name].clear()
            self.deaths[name] += 1
            log.info("%s is dead", name)
            await asyncio.sleep(self._random.uniform(*PAUSE_S))
            await self._start(name)
            log.info("%s is back", name)

    async def _start(self, name: str) -> None:
        """Again when it dies meanwhile: it may reach a kill point while it starts."""
        process, starts = self._processes[name], 0
        while True:
            try:
                return await process.start()
            except StartError:
                starts += 1
                if process.pid is not None or starts == MOST_STARTS:
                    raise
                self.deaths[name] += 1
