"""Knows our own processes again, by a mark in their environment that their children inherit.

A pid alone could belong to a stranger by now; nothing is ever signalled that does not carry the mark.
"""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "UNIFIED_PROCESS"
_KILL_TIMEOUT_MS = 10_000
_EXEC_TRIES, _EXEC_INTERVAL_S = 4000, 0.001
# In proc_pid_stat(5) the 50th and 51st field.
_ENVIRONMENT_BOUNDS = slice(47, 49)


@dataclass(frozen=True)
class Mark:
    directory: str
    name: str
    # Of the command and its environment: a process with another digest was started with other settings.
    digest: str

    def __str__(self) -> str:
        return f"{self.directory}|{self.name}|{self.digest}"


def mark_of(pid: int) -> Mark | None:
    """The mark of a live process; None for strangers, the dead and the dead not yet reaped."""
    prefix = f"{VARIABLE}=".encode()
    entries = _environment_of(pid).split(b"\0")
    values = (entry.removeprefix(prefix).decode() for entry in entries if entry.startswith(prefix))
    parts = next(values, "").split("|")
    return Mark(*parts) if len(parts) == 3 else None


def _environment_of(pid: int) -> bytes:
    try:
        for _ in range(_EXEC_TRIES):
            if (environment := Path(f"/proc/{pid}/environ").read_bytes()) or _has_no_environment(pid):
                return environment
            time.sleep(_EXEC_INTERVAL_S)
    except OSError:
        pass
    return b""


def _has_no_environment(pid: int) -> bool:
    """False also within execve(2), where for a moment a process has none yet: its bounds are zero then."""
    Path(f"/proc/{pid}/exe").readlink()  # an OSError for the kernel's threads and the dead: they never have one
    start, end = fields_of(pid)[_ENVIRONMENT_BOUNDS]
    return start == end != "0"


def fields_of(pid: int) -> list[str]:
    """Of proc_pid_stat(5), from the third on: those after the program's name, which may contain anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def marked(directory: Path) -> dict[int, Mark]:
    """Every live process that was started, directly or not, for this directory."""
    return {pid: mark for pid, mark in _all_marked() if mark.directory == str(directory)}


def marked_below(directory: Path) -> dict[int, Mark]:
    """The same for this directory and all directories in it."""
    return {pid: mark for pid, mark in _all_marked() if Path(mark.directory).is_relative_to(directory)}


def _all_marked() -> Iterator[tuple[int, Mark]]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return ((pid, mark) for pid in pids if (mark := mark_of(pid)))


@contextmanager
def handle(pid: int, mark: Mark) -> Iterator[int | None]:
    """A pidfd of the process while it still is the marked one, else None: signals to it cannot hit another process."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield descriptor if mark_of(pid) == mark else None
    finally:
        os.close(descriptor)


def send(pid: int, mark: Mark, signum: signal.Signals) -> None:
    with handle(pid, mark) as descriptor, suppress(ProcessLookupError):
        if descriptor is not None:
            signal.pidfd_send_signal(descriptor, signum)


def kill(pid: int, mark: Mark) -> None:
    """End a process at once and return when it is gone."""
    with handle(pid, mark) as descriptor, suppress(ProcessLookupError):
        if descriptor is not None:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            gone = select.poll()
            gone.register(descriptor, select.POLLIN)
            gone.poll(_KILL_TIMEOUT_MS)
