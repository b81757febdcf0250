"""What `make test` says at its end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import sums
from dev.service import ROOT
from dev.test import verdict


def kind(passed: int, failed: int = 0, skipped: int = 0) -> dict[str, float]:
    return {"passed": passed, "failed": failed, "skipped": skipped, "seconds": 1.25}


def test_a_run_leaves_its_sums_and_all_of_them_become_one_table(tmp_path: Path) -> None:
    sums.Sums({"unit": kind(3000, 1)}, ["tests/unit/test_a.py::test_a"]).write(tmp_path / "0")
    sums.Sums({"faults": kind(7, skipped=2), "unit": kind(20)}).write(tmp_path / "1")

    total = sums.merged(tmp_path / name for name in ("0", "1", "died"))

    assert total.failed == ["tests/unit/test_a.py::test_a"]
    assert [line.split() for line in total.table()] == [
        ["kind", "passed", "failed", "skipped", "seconds"],
        ["unit", "3020", "1", "0", "2.5"],
        ["faults", "7", "0", "2", "1.2"],
    ]


def test_pytest_writes_its_sums_where_it_is_told(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "pytest", "-q", "tests/unit/dev/test_groups.py"]
    output = subprocess.check_output(run, cwd=ROOT, env={**os.environ, sums.FILE: str(tmp_path / "0")}, timeout=60)

    total = sums.merged([tmp_path / "0"])

    assert (total.count("passed"), total.count("failed", "skipped"), total.failed) == (1, 0, [])
    assert total.table()[1].encode() in output


@pytest.mark.parametrize(
    ("kinds", "codes", "checks", "line"),
    [
        ([kind(3000), kind(658)], [0, 0], 0, "3,658 tests passed in 8 min 12 s"),
        ([kind(1), kind(2, skipped=3)], [0, 0], 0, "3 tests passed, 3 skipped, in 8 min 12 s"),
        ([kind(3000, 1), kind(656, 1)], [1, 1], 0, "FAILED: 2 of 3,658 tests"),
        ([kind(1), kind(2)], [0, 0], 1, "FAILED: the static checks (see the top)"),
        ([kind(1)], [0, -9], 1, "FAILED: tests/e2e (exit code -9), the static checks (see the top)"),
        ([kind(1)], [0, 1], 0, "FAILED: tests/e2e (exit code 1)"),
    ],
)
def test_the_verdict_names_all_that_failed(kinds: list[dict[str, float]], codes: list[int], checks: int, line: str) -> None:
    total = sums.Sums({str(number): each for number, each in enumerate(kinds)})

    assert verdict(total, dict(zip(("tests/unit", "tests/e2e"), codes, strict=True)), checks, 492.4) == line
