"""When a part counts as away."""

import pytest

from mesh.health import HealthWatch
from tests.waiting import until


class Flaky:
    """A probe that fails at the given calls, counted from 1."""

    def __init__(self, *failing: int) -> None:
        self.calls = 0
        self._failing = failing

    async def __call__(self) -> None:
        self.calls += 1
        if self.calls in self._failing:
            raise OSError("late")


async def seen_away(probe: Flaky, caplog: pytest.LogCaptureFixture) -> bool:
    health = HealthWatch({"part": probe}, needed=frozenset({"part"}), interval_s=0.001)
    with caplog.at_level("INFO", "mesh.health"):
        async with health.watching():
            await until(lambda: probe.calls >= 8)
    return any(record.message == "part is away" for record in caplog.records)


async def test_one_failure_between_successes_is_no_outage(caplog: pytest.LogCaptureFixture) -> None:
    assert not await seen_away(Flaky(2, 4, 6), caplog)


async def test_two_failures_in_a_row_are(caplog: pytest.LogCaptureFixture) -> None:
    assert await seen_away(Flaky(3, 4), caplog)


async def test_what_was_never_well_is_away_from_the_first_failure(caplog: pytest.LogCaptureFixture) -> None:
    assert await seen_away(Flaky(1), caplog)
