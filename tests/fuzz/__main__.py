"""Looks for mistakes for some minutes. Exit code 0: none was found; 1: some were; 2: the platform did not start."""

import argparse
import asyncio
import logging
import os
import secrets
import shutil
import sys
from pathlib import Path

from dev import marks
from dev.process import StartError
from tests.fuzz import report
from tests.fuzz.run import fuzz

HOME = Path(".local/fuzz")


def main() -> int:
    arguments = _parser().parse_args()
    _show_progress()
    _end_leftovers()
    directory = HOME / str(os.getpid())
    directory.mkdir(parents=True)
    print(f"Seed {arguments.seed}, {arguments.minutes:g} minutes, in {directory}", flush=True)
    result = asyncio.run(fuzz(arguments.seed, arguments.minutes * 60, directory))
    print(f"\n{report.as_text(result)}")
    if not result.findings:
        shutil.rmtree(directory)
    return 1 if result.findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of the first round (default: any)")
    return parser


def _end_leftovers() -> None:
    """Processes of runs that were killed; what they left on disk stays."""
    for directory in HOME.glob("[0-9]*"):
        if not Path("/proc", directory.name).exists():
            for pid, mark in marks.marked_below(directory.resolve()).items():
                marks.kill(pid, mark)


def _show_progress() -> None:
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    logging.getLogger("tests.fuzz").setLevel(logging.INFO)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
