"""`make test`: the static checks, then every test, whatever the checks say; it passes when all of it does.

The tests run in groups side by side: most of their time they wait for servers. The first group's output is shown as it comes, the
others' follows, and at the end one table by kind, the tests that failed, and the verdict.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from dev import check, sums
from dev.service import ROOT

# They take about as long as each other. What lies in a folder of one group and is named in another belongs to the other.
GROUPS = (("tests/unit", "tests/contract", "tests/integration"), ("tests/e2e", "tests/integration/dev"), ("tests/faults",))


def run_tests() -> tuple[sums.Sums, dict[str, int]]:
    """The sums, and each group's exit code."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = [folder / str(number) for number, _ in enumerate(GROUPS)]
        outputs = [None, *(stack.enter_context(tempfile.TemporaryFile()) for _ in GROUPS[1:])]
        runs = [_start(group, output, file) for group, output, file in zip(GROUPS, outputs, files, strict=True)]
        codes = {}
        for group, run, output in zip(GROUPS, runs, outputs, strict=True):
            name = " and ".join(group)
            codes[name] = run.wait()
            if output:
                print(f"\n{name}:", flush=True)
                output.seek(0)
                os.write(sys.stdout.fileno(), output.read())
        return sums.merged(files), codes


def arguments(group: Sequence[str]) -> list[str]:
    """Of pytest: the group's folders, and what it leaves to others."""
    others = [folder for other in GROUPS if other is not group for folder in other]
    left = [folder for folder in others if any(Path(folder).is_relative_to(own) for own in group)]
    return [*group, *(f"--ignore={folder}" for folder in left)]


def _start(group: Sequence[str], output: IO[bytes] | None, file: Path) -> subprocess.Popen[bytes]:
    """Run a group, shown as it goes unless its output is to be kept; its sums go to the file."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *arguments(group)],
        cwd=ROOT,
        env={**os.environ, sums.FILE: str(file)},
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    )


def verdict(total: sums.Sums, codes: Mapping[str, int], checks: int, took_s: float) -> str:
    """The last line: how many tests passed, or all that failed."""
    count, failed, skipped = total.count(*sums.OUTCOMES), total.count("failed"), total.count("skipped")
    failures = [f"{failed:,} of {count:,} tests"] if failed else []
    # 1 is pytest's code for tests that failed, which are counted already.
    failures += [f"{group} (exit code {code})" for group, code in codes.items() if code and not (code == 1 and failed)]
    failures += ["the static checks (see the top)"] if checks else []
    minutes, seconds = divmod(round(took_s), 60)
    if failures:
        return f"FAILED: {', '.join(failures)}"
    return f"{total.count('passed'):,} tests passed{f', {skipped:,} skipped,' if skipped else ''} in {minutes} min {seconds} s"


def main() -> int:
    begin = time.monotonic()
    checks = check.main()
    total, codes = run_tests()
    print("\nBy kind:", *total.table(), "", *(f"FAILED {test}" for test in total.failed), sep="\n")
    print(verdict(total, codes, checks, time.monotonic() - begin))
    return 1 if checks or any(codes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
