"""The sums of test runs by kind: each pytest of `make test` leaves its own in a file, and all of them become one table."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

# The environment variable that names the file.
FILE = "TEST_SUMS_FILE"
OUTCOMES = ("passed", "failed", "skipped")


@dataclass
class Sums:
    """Outcomes and seconds by kind, and the ids of the tests that failed."""

    kinds: dict[str, dict[str, float]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)))

    def count(self, *outcomes: str) -> int:
        return int(sum(sums[outcome] for sums in self.kinds.values() for outcome in outcomes))

    def table(self) -> list[str]:
        lines = [f"{'kind':<12} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}"]
        for kind, sums in self.kinds.items():
            passed, failed, skipped = (sums[outcome] for outcome in OUTCOMES)
            lines.append(f"{kind:<12} {passed:>7} {failed:>7} {skipped:>8} {sums['seconds']:>8.1f}")
        return lines


def merged(files: Iterable[Path]) -> Sums:
    """Of runs which may have tests of the same kind; one that died left no file."""
    total = Sums()
    for part in (Sums(**json.loads(file.read_text())) for file in files if file.exists()):
        for kind, sums in part.kinds.items():
            before = total.kinds.get(kind, {})
            total.kinds[kind] = {name: before.get(name, 0) + value for name, value in sums.items()}
        total.failed += part.failed
    return total
