"""`make test`: the static checks, then every test, whatever the checks say; it passes when all of it does.

The tests run as two groups side by side: most of their time they wait for servers. The second group's output follows the first's.
"""

import os
import subprocess
import sys
import tempfile

from dev import check
from dev.service import ROOT

GROUPS = (("tests/unit", "tests/contract", "tests/integration"), ("tests/e2e", "tests/faults"))


def run_tests() -> bool:
    """Whether all passed."""
    pytest = [sys.executable, "-m", "pytest", "-q"]
    with tempfile.TemporaryFile() as later:
        first = subprocess.Popen([*pytest, *GROUPS[0]], cwd=ROOT)
        second = subprocess.Popen([*pytest, *GROUPS[1]], cwd=ROOT, stdout=later, stderr=subprocess.STDOUT)
        codes = [first.wait()]
        print(f"\n{' and '.join(GROUPS[1])}:", flush=True)
        codes.append(second.wait())
        later.seek(0)
        os.write(sys.stdout.fileno(), later.read())
    return not any(codes)


def main() -> int:
    checks = check.main()
    passed = run_tests()
    if checks:
        print("The static checks failed; see the top.", file=sys.stderr)
    return 0 if passed and not checks else 1


if __name__ == "__main__":
    sys.exit(main())
