"""`make test`: the static checks, then every test, whatever the checks say; it passes when all of it does.

The tests run in groups side by side: most of their time they wait for servers. The first group's output is shown as it comes, the
others' follows.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import IO

from dev import check
from dev.service import ROOT

GROUPS = (("tests/unit", "tests/contract", "tests/integration"), ("tests/e2e",), ("tests/faults",))


def run_tests() -> bool:
    """Whether all passed."""
    with ExitStack() as stack:
        outputs = [None, *(stack.enter_context(tempfile.TemporaryFile()) for _ in GROUPS[1:])]
        runs = [_start(group, output) for group, output in zip(GROUPS, outputs, strict=True)]
        codes = []
        for group, run, output in zip(GROUPS, runs, outputs, strict=True):
            codes.append(run.wait())
            if output:
                print(f"\n{' and '.join(group)}:", flush=True)
                output.seek(0)
                os.write(sys.stdout.fileno(), output.read())
    return not any(codes)


def _start(group: Sequence[str], output: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Run a group, shown as it goes unless its output is to be kept."""
    pytest = [sys.executable, "-m", "pytest", "-q", *group]
    return subprocess.Popen(pytest, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT if output else None)


def main() -> int:
    checks = check.main()
    passed = run_tests()
    if checks:
        print("The static checks failed; see the top.", file=sys.stderr)
    return 0 if passed and not checks else 1


if __name__ == "__main__":
    sys.exit(main())
