"""Runs the audit, once for each seed. Exit code 0: green; 1: a promise was broken; 2: a run that proves nothing."""

import argparse
import asyncio
import logging
import os
import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from dev import marks
from dev.process import StartError
from tests.audit import report
from tests.audit.plan import FULL, SHORT, Plan
from tests.audit.result import GREEN, RED, Result
from tests.audit.run import audit

HOME = Path(".local/audit")


def main() -> int:
    arguments = _parser().parse_args()
    _show_progress()
    _end_leftovers()
    plan = _plan(arguments)
    results = [_run(replace(plan, seed=seed)) for seed in arguments.seed]
    print(f"\n{report.as_text(results)}")
    report.write(results, _command(), arguments.report)
    print(f"\nThe report: {arguments.report}.md, {arguments.report}.json")
    verdicts = {result.verdict for result in results}
    return 1 if RED in verdicts else 0 if verdicts == {GREEN} else 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1, 2, 3], help="a run for each (default: 1 2 3)")
    parser.add_argument("--short", action="store_true", help="about a minute for each run")
    parser.add_argument("--writes", type=int, help="acknowledged writes that a run needs")
    parser.add_argument("--kills", type=int, help="deaths that a run needs")
    parser.add_argument("--seconds", type=float, help="how long a run may take to get there")
    parser.add_argument("--report", type=Path, default=HOME / "report", help="where, without suffix (default: %(default)s)")
    return parser


def _command() -> str:
    """What to type for the same again."""
    return f"make audit ARGS={shlex.quote(shlex.join(sys.argv[1:]))}" if sys.argv[1:] else "make audit"


def _plan(arguments: argparse.Namespace) -> Plan:
    given = {"writes": arguments.writes, "kills": arguments.kills, "limit_s": arguments.seconds}
    return replace(SHORT if arguments.short else FULL, **{name: value for name, value in given.items() if value is not None})


def _run(plan: Plan) -> Result:
    """Leave everything for a look unless the run is green."""
    directory = HOME / f"seed{plan.seed}-{os.getpid()}"
    directory.mkdir(parents=True)
    print(f"\nSeed {plan.seed}, in {directory}", flush=True)
    result = asyncio.run(audit(plan, directory))
    if result.verdict == GREEN:
        shutil.rmtree(directory)
    return result


def _end_leftovers() -> None:
    """Processes of audits that were killed; what they left on disk stays."""
    for directory in HOME.glob("seed*-*"):
        if not Path("/proc", directory.name.rpartition("-")[2]).exists():
            for pid, mark in marks.marked_below(directory.resolve()).items():
                marks.kill(pid, mark)


def _show_progress() -> None:
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    logging.getLogger("tests.audit").setLevel(logging.INFO)
    # It loses its connection on purpose.
    for name in ("mesh", "pika"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
