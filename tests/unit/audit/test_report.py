"""What an audit says in the end: its verdict, and a table that adds up."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.audit import report
from tests.audit.evidence import Evidence
from tests.audit.operations import Kind, Operation, Outcome
from tests.audit.plan import Plan
from tests.audit.points import KillPoint
from tests.audit.result import GREEN, INVALID, RED, Result, conclude

PLAN = Plan(seed=7, writes=0, kills=2, points=(KillPoint.AFTER_ACK,))
NOTHING = Evidence([], [], [], [], 0, [], [], [])


def concluded(evidence: Evidence = NOTHING, *, kills: int = 2, hits: int = 1) -> Result:
    deaths, counted = Counter(notify_svc=kills), Counter({KillPoint.AFTER_ACK: hits})
    return conclude(PLAN, evidence, deaths=deaths, hits=counted, reads=3, loaded_s=4.2)


def test_a_run_that_did_what_it_should_is_green() -> None:
    result = concluded()
    assert (result.verdict, result.violations, result.shortfalls) == (GREEN, [], [])


def test_a_run_with_too_few_kills_or_without_a_point_is_invalid() -> None:
    assert concluded(kills=1).verdict == INVALID
    assert concluded(hits=0).shortfalls == ["the kill point 'after the ack' was never hit"]


def test_what_is_broken_counts_even_in_a_run_that_proves_nothing() -> None:
    lost = Operation(1, Kind.CREATE, "ada", "t-1", "task", None, 0.0, Outcome.ACKNOWLEDGED, 1)
    assert concluded(replace(NOTHING, operations=[lost]), kills=1).verdict == RED


def test_the_table_has_a_column_for_each_run_and_their_sum() -> None:
    rows = {row[0]: row[1:] for row in report.table([concluded(), concluded(kills=5)])}
    assert rows["kills"] == ["2", "5", "7"]
    assert rows["lost"] == ["0", "0", "0"]
    assert rows["hit: after the ack"] == ["1", "1", "2"]
    assert rows["verdict"] == [GREEN, GREEN, ""]


def test_a_report_is_written_for_people_and_for_programs(tmp_path: Path) -> None:
    report.write([concluded(kills=1)], "make audit", tmp_path / "new" / "report")
    page = (tmp_path / "new" / "report.md").read_text()
    assert "`make audit`" in page
    assert "| kills | 1 | 1 |" in page
    assert "seed 7 proves nothing: only 1 of 2 kills" in page
    (run,) = json.loads((tmp_path / "new" / "report.json").read_text())["runs"]
    assert (run["seed"], run["verdict"], run["deaths"]) == (7, INVALID, {"notify_svc": 1})
