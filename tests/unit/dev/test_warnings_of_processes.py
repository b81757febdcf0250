"""What is shown of the logs with a test that failed."""

from datetime import UTC, datetime
from pathlib import Path

from tests.warnings_of_processes import warnings_since

BEGAN = datetime(2030, 1, 1, 12, tzinfo=UTC)


def line(second: int, level: str) -> str:
    return f'{{"time":"2030-01-01T12:00:{second:02}.000+00:00","level":"{level}"}}'


def test_warnings_of_all_processes_come_in_the_order_of_time_and_nothing_else(tmp_path: Path) -> None:
    before = '{"time":"2030-01-01T11:59:59.999+00:00","level":"error"}'
    (tmp_path / "one.log").write_text("\n".join([before, line(3, "error"), line(4, "info"), "no JSON", "[]", "{}"]))
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper/two.log").write_text("\n".join([line(1, "warning"), line(5, "warning")]))
    assert warnings_since(tmp_path, BEGAN) == [line(1, "warning"), line(3, "error"), line(5, "warning")]
