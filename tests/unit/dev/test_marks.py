"""How our processes are told from strangers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import marks

MARK = marks.Mark("/a directory", "name", "1")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["/bin/sleep", "60"], env={marks.VARIABLE: str(MARK)}) as process:
        yield process
        process.kill()


def test_a_mark_is_seen_as_soon_as_the_process_exists() -> None:
    # A shell that becomes another program again and again: at each of these moments it has no environment.
    become = "exec sh -c 'exec sh -c \"exec sleep 60\"'"
    for _ in range(20):
        with subprocess.Popen(["/bin/sh", "-c", become], env={marks.VARIABLE: str(MARK)}) as process:
            seen = {marks.mark_of(process.pid) for _ in range(20)}
            process.kill()
        assert seen == {MARK}


def test_the_dead_have_no_mark_even_before_they_are_reaped(child: subprocess.Popen[bytes]) -> None:
    assert child.pid in marks.marked(Path(MARK.directory))

    marks.kill(child.pid, MARK)

    assert marks.mark_of(child.pid) is None
    assert child.wait(10) == -9


def test_a_process_with_another_mark_is_not_killed(child: subprocess.Popen[bytes]) -> None:
    marks.kill(child.pid, marks.Mark(MARK.directory, MARK.name, "another"))

    assert child.poll() is None


def test_only_processes_of_the_directory_are_listed(child: subprocess.Popen[bytes]) -> None:
    assert marks.marked(Path("/a")) == {}
    assert marks.marked_below(Path("/a directory")) == {child.pid: MARK}
    assert marks.mark_of(1) is None
