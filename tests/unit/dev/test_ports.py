"""Ports that are found for servers to come."""

import subprocess
import sys

from dev.ports import free_port
from dev.service import ROOT

# Draws the given ports, then others.
ANOTHER = """
import secrets, sys
from dev.ports import free_port
draw, first = secrets.randbelow, [int(port) - 10_000 for port in sys.argv[1:]]
secrets.randbelow = lambda end: first.pop(0) if first else draw(end)
print(free_port())
"""


def found_by_another(*drawn: int) -> int:
    """What another process finds that draws these ports first."""
    return int(subprocess.check_output([sys.executable, "-c", ANOTHER, *map(str, drawn)], cwd=ROOT))


def test_no_port_is_found_twice() -> None:
    found = [port + following for port in (free_port(3) for _ in range(200)) for following in range(3)]
    assert len(set(found)) == len(found)


def test_no_other_process_finds_it_while_this_one_runs() -> None:
    mine = free_port(3)
    theirs = found_by_another(mine, mine + 2)
    assert theirs not in range(mine, mine + 3)
    # That one has ended.
    assert found_by_another(mine, theirs) == theirs
