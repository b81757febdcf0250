"""Runs the quick kinds of tests first, and sums the results up by kind: the folder below `tests/`."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

_ORDER = ["unit", "contract", "integration", "e2e", "faults"]
_ROOT = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path.relative_to(_ROOT).parts[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts, seconds = _sums(terminalreporter)
    if not seconds:
        return
    terminalreporter.section("by kind")
    terminalreporter.write_line(f"{'kind':<12} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for kind in sorted(seconds, key=_rank):
        passed, failed, skipped = (counts[kind, outcome] for outcome in ("passed", "failed", "skipped"))
        terminalreporter.write_line(f"{kind:<12} {passed:>7} {failed:>7} {skipped:>8} {seconds[kind]:>8.1f}")


def _sums(reporter: pytest.TerminalReporter) -> tuple[Counter[tuple[str, str]], dict[str, float]]:
    """Outcomes by kind, where a failing fixture counts as a failure; and seconds by kind, fixtures included."""
    counts, seconds = Counter[tuple[str, str]](), defaultdict[str, float](float)
    reports = [report for group in reporter.stats.values() for report in group if isinstance(report, pytest.TestReport)]
    for report in reports:
        kind = Path(report.nodeid.partition("::")[0]).parts[1]
        seconds[kind] += report.duration
        if report.when == "call" or report.outcome != "passed":
            counts[kind, report.outcome] += 1
    return counts, seconds


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
