"""`make test`: the static checks, then every test, whatever the checks say; it passes when both do."""

import subprocess
import sys

from dev import check
from dev.service import ROOT


def main() -> int:
    checks = check.main()
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=ROOT, check=False).returncode
    if checks:
        print("The static checks failed; see the top.", file=sys.stderr)
    return checks or tests


if __name__ == "__main__":
    sys.exit(main())
