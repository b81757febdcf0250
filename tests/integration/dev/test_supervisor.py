"""How the supervisor treats processes that die, on one that can be told to fail."""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dev import state
from dev.process import Command, Process
from dev.state import StateWriter
from dev.supervisor import Supervisor
from tests.waiting import until

PATIENCE_S = 20


class Sleeper(Process):
    """Runs as long as its file is there when it starts."""

    def __init__(self, directory: Path, name: str) -> None:
        super().__init__(name, directory, {})
        self.file = self.directory / f"{name} may run"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.file.touch()

    def command(self) -> Command:
        script = f"echo started; test -e '{self.file}' && exec sleep 600"
        return Command(["/bin/sh", "-c", script], {"PATH": os.defpath}, self.directory)

    async def ready(self) -> bool:
        return self.file.exists()


@asynccontextmanager
async def supervised(directory: Path, *stages: list[Process]) -> AsyncIterator[asyncio.Task[bool]]:
    """The supervisor at work in this process; SIGTERM ends it, as it does outside of tests."""
    supervisor = Supervisor([*stages], StateWriter(directory), first_delay_s=0.01, longest_delay_s=0.05)
    work = asyncio.create_task(supervisor.run())
    try:
        yield work
    finally:
        if not work.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(work, PATIENCE_S)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)


async def until_state(directory: Path, **expected: object) -> state.State:
    """Wait until the state file says so."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            now = state.read(directory)
            if expected.items() <= vars(now).items():
                return now
            await asyncio.sleep(0.01)


@pytest.fixture
def directory(run_directory: Path) -> Path:
    return run_directory / f"supervised_{secrets.token_hex(4)}"


async def test_it_tries_again_until_a_process_that_cannot_start_can(directory: Path) -> None:
    sleeper = Sleeper(directory, "sleeper")
    async with supervised(directory, [sleeper]):
        await until_state(directory, complete=True)
        sleeper.file.unlink()
        sleeper.kill()
        await until_state(directory, restarts={"sleeper": 3})
        sleeper.file.touch()
        await until_state(directory, phases={"sleeper": "running"})
        await until(lambda: sleeper.pid is not None)
    assert sleeper.pid is None


async def test_a_process_that_a_dead_supervisor_started_is_adopted_and_watched(directory: Path) -> None:
    orphan = Sleeper(directory, "sleeper")
    await orphan.start()
    pid = orphan.pid
    async with supervised(directory, [Sleeper(directory, "sleeper")]):
        await until_state(directory, complete=True)
        assert orphan.pid == pid
        orphan.kill()
        await until_state(directory, restarts={"sleeper": 1}, phases={"sleeper": "running"})
        assert orphan.pid not in (None, pid)


async def test_when_the_first_start_fails_nothing_is_left(directory: Path) -> None:
    first, second = Sleeper(directory, "first"), Sleeper(directory, "second")
    second.file.unlink()
    async with supervised(directory, [first], [second]) as work:
        assert await asyncio.wait_for(work, PATIENCE_S) is False

    assert first.pid is None
    failure = state.read(directory).failure
    assert "second ended while starting" in failure
    assert failure.endswith("started")


async def test_stages_stop_in_reverse_order(directory: Path) -> None:
    ended: list[str] = []

    async def note_end(process: Process) -> None:
        await process.exited()
        ended.append(process.name)

    first, second = Sleeper(directory, "first"), Sleeper(directory, "second")
    async with supervised(directory, [first], [second]):
        await until_state(directory, complete=True)
        notes = [asyncio.create_task(note_end(process)) for process in (first, second)]
        # Both must watch before the end comes.
        await asyncio.sleep(0)
    await asyncio.gather(*notes)
    assert ended == ["second", "first"]
