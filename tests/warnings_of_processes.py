"""Shows, with a test that failed, what the platform's processes warned of meanwhile: often the reason is nowhere else."""

import json
import os
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers import RUNS

LEVELS = ("warning", "error", "critical")
MOST_LINES, LONGEST_LINE = 40, 400


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        began = datetime.fromtimestamp(call.start, UTC)
        if lines := warnings_since(RUNS / str(os.getpid()), began):
            report.sections.append(("Warnings of processes", "\n".join(lines[-MOST_LINES:])))
    return report


def warnings_since(directory: Path, began: datetime) -> list[str]:
    """The log lines at the level of warnings and above in all logs below the directory, in the order of their time."""
    found = []
    for log in directory.glob("**/*.log"):
        for line in log.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                if entry["level"] in LEVELS and datetime.fromisoformat(entry["time"]) >= began:
                    found.append((entry["time"], line[:LONGEST_LINE]))
            except (ValueError, KeyError, TypeError):
                continue  # not of our processes
    return [line for _, line in sorted(found)]
