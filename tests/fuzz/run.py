"""Rounds of the three ways until the time is up, each round with a seed of its own."""

import asyncio
import contextlib
import itertools
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from tests.e2e.rest import visiting
from tests.fuzz import documented, hostile, people
from tests.fuzz.result import Result
from tests.fuzz.world import World, running_world

log = logging.getLogger(__name__)

PROGRESS_S = 3.0
# What each way takes of a round.
DOCUMENTED_S, PEOPLE_S, HOSTILE_S = 35.0, 15.0, 15.0
# Limits are counted up once, the same whatever the seed; only a third of the time that is given is theirs.
FIRST_DOCUMENTED_S = 120.0
# Between two looks at the clock.
EXAMPLES, STEPS, HOSTILE_REQUESTS = 10, 30, 200


async def fuzz(seed: int, seconds: float, directory: Path) -> Result:
    """What was answered and found. The rounds have this seed and those that follow it; the last one is cut short."""
    result = Result(seed)
    async with running_world(directory) as world, _telling(result):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await _Round(world, result, until).run(is_first=result.seed == seed)
            result.seed += 1
    return result


class _Round:
    """The three ways, one after the other."""

    def __init__(self, world: World, result: Result, until: float) -> None:
        self._world, self._url, self._result, self._until = world, world.platform.base_url, result, until

    async def run(self, *, is_first: bool) -> None:
        async with visiting(self._url) as visitor:
            person = await visitor.sign_up()
            ids = await hostile.belongings(person)
        await self._step("what the document says", self._documented(person.token, is_first=is_first))
        await self._step("people", self._while_left(PEOPLE_S, self._people))
        await self._step("what no document says", self._while_left(HOSTILE_S, partial(self._hostile, person.token, ids)))

    async def _step(self, name: str, step: Awaitable[None]) -> None:
        log.info("seed %s: %s", self._result.seed, name)
        await step
        for finding in self._world.findings():
            self._result.add(finding)

    async def _documented(self, token: str, *, is_first: bool) -> None:
        # A short run is for everything.
        wanted_s = min(FIRST_DOCUMENTED_S, self._left(math.inf) / 2) if is_first else DOCUMENTED_S
        # It takes a second at least.
        seconds = max(1, int(self._left(wanted_s)))
        explore = partial(documented.explore, of_a_kind=None if is_first else 0, seconds=seconds)
        await asyncio.to_thread(explore, self._url, token, self._result, self._result.seed, EXAMPLES)

    async def _people(self, seed: int) -> None:
        await people.use(self._url, self._result, seed, STEPS)

    async def _hostile(self, token: str, ids: list[str], seed: int) -> None:
        await asyncio.to_thread(hostile.attack, self._url, token, ids, self._result, seed, HOSTILE_REQUESTS)

    async def _while_left(self, wanted_s: float, act: Callable[[int], Awaitable[None]]) -> None:
        """Again and again, each time with another seed that follows from the round's."""
        end = time.monotonic() + self._left(wanted_s)
        for part in itertools.count():
            if time.monotonic() >= end:
                return
            await act(self._result.seed * 1000 + part)

    def _left(self, wanted_s: float) -> float:
        return max(0.0, min(wanted_s, self._until - time.monotonic()))


@contextlib.asynccontextmanager
async def _telling(result: Result) -> AsyncIterator[None]:
    """Say every few seconds how it goes."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            log.info("%s answers, %s of them 5xx; %s findings", f"{result.total:,}", result.server_errors, len(result.findings))

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
