"""Background jobs: again and again, whatever happens to one run, and not a moment longer than they should."""

import asyncio
import logging

import pytest

from mesh.lifecycle import every

PATIENCE_S = 10.0


async def test_a_job_runs_again_and_again() -> None:
    runs, enough = 0, asyncio.Event()

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            enough.set()

    async with every(0.001, job, "job"):
        await asyncio.wait_for(enough.wait(), PATIENCE_S)


async def test_a_failure_is_logged_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    failures = [OSError("a"), OSError("a"), OSError("b"), None, OSError("b")]
    enough = asyncio.Event()

    async def job() -> None:
        if not failures:
            enough.set()
        elif failure := failures.pop(0):
            raise failure

    with caplog.at_level(logging.WARNING):
        async with every(0, job, "job"):
            await asyncio.wait_for(enough.wait(), PATIENCE_S)
    assert [vars(record)["error"] for record in caplog.records] == ["OSError('a')", "OSError('b')", "OSError('b')"]


async def test_a_job_that_swallows_its_cancellation_ends_all_the_same() -> None:
    started = asyncio.Event()

    async def job() -> None:
        started.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return

    async def live() -> None:
        # Sleeping it out would take longer than we wait.
        async with every(PATIENCE_S * 10, job, "job"):
            await started.wait()

    await asyncio.wait_for(live(), PATIENCE_S)
