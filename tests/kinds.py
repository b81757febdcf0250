"""Runs the quick kinds of tests first, and sums the results up by kind: the folder below `tests/`."""

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from dev import sums

_ORDER = ["unit", "contract", "integration", "e2e", "faults"]
_ROOT = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path.relative_to(_ROOT).parts[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    total = _sums(terminalreporter)
    if file := os.environ.get(sums.FILE):
        total.write(Path(file))
    if total.kinds:
        terminalreporter.section("by kind")
        for line in total.table():
            terminalreporter.write_line(line)


def _sums(reporter: pytest.TerminalReporter) -> sums.Sums:
    """A failing fixture counts as a failure, and so does a file that cannot be imported; seconds include fixtures."""
    counts, seconds = Counter[tuple[str, str]](), defaultdict[str, float](float)
    kinds = (pytest.TestReport, pytest.CollectReport)
    reports = [report for group in reporter.stats.values() for report in group if isinstance(report, kinds)]
    for report in reports:
        kind = Path(report.nodeid.partition("::")[0]).parts[1]
        seconds[kind] += getattr(report, "duration", 0)
        if report.when == "call" or report.outcome != "passed":
            counts[kind, report.outcome] += 1
    by_kind = {
        kind: {**{outcome: counts[kind, outcome] for outcome in sums.OUTCOMES}, "seconds": seconds[kind]}
        for kind in sorted(seconds, key=_rank)
    }
    return sums.Sums(by_kind, [report.nodeid for report in reports if report.outcome == "failed"])


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
