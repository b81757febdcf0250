"""What clients write down survives them: what was begun without a last word is unknown."""

import time
from dataclasses import replace
from pathlib import Path

from tests.audit.operations import Journal, Kind, Operation, Outcome, read_journal

INTENDED = Operation(1, Kind.CREATE, "ada", "t-1", None, "key", time.monotonic())


def test_what_was_concluded_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    concluded = replace(
        INTENDED, outcome=Outcome.ACKNOWLEDGED, task_id="task", version=1, answered_at=2.0, tries=3, replayed=True
    )
    journal.intend(INTENDED)
    journal.conclude(concluded)
    journal.close()
    assert read_journal(tmp_path / "journal") == [concluded]


def test_what_was_not_concluded_is_unknown(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.intend(INTENDED)
    # Not closed: its writer was killed.
    assert read_journal(tmp_path / "journal") == [INTENDED]
    assert INTENDED.outcome is Outcome.UNKNOWN
    journal.close()
