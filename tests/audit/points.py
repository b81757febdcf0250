"""Kill points: places in a process where it dies when the audit has armed them. The entry modules beside put them there.

A point is armed by a file of its name. The process that gets there renames the file, which only one can, and kills itself:
so each arming is one death, and what is left of it proves where it happened.
"""

import os
import signal
from collections import Counter
from enum import StrEnum
from pathlib import Path

FOLDER_VARIABLE = "AUDIT_POINTS"
_HIT = ".hit-by-"


class KillPoint(StrEnum):
    """Where, in the words of the table that the audit prints."""

    BEFORE_WRITE = "before the write"
    AFTER_WRITE = "after the write, before the answer"
    BEFORE_PUBLISH = "after the write, before the publish"
    BEFORE_CONFIRM = "after the publish, before the confirm"
    BEFORE_PULL = "after the confirm, before the pull"
    BEFORE_FIRE = "before the write that fires a reminder"
    BEFORE_ACK = "after the effect, before the ack"
    AFTER_ACK = "after the ack"


PROCESS_OF = {point: "notify_svc" if point in (KillPoint.BEFORE_ACK, KillPoint.AFTER_ACK) else "task_svc" for point in KillPoint}


def service_of(process: str) -> str:
    """Of which service the process is a replica: "task_svc" of "task_svc2"."""
    return process.rstrip("0123456789")


def reach(point: KillPoint) -> None:
    """Die here, as kill -9 does, if the point is armed."""
    armed = Path(os.environ[FOLDER_VARIABLE], point.name)
    try:
        armed.rename(f"{armed}{_HIT}{os.getpid()}")
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


class KillPoints:
    """The audit's side of the points, in a folder that the processes know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)

    def arm(self, point: KillPoint) -> None:
        """Let the next process that gets there die."""
        (self.folder / point.name).touch()

    def disarm(self) -> None:
        """Let nobody die any more."""
        for point in KillPoint:
            (self.folder / point.name).unlink(missing_ok=True)

    def hits(self) -> Counter[KillPoint]:
        """How often each was hit."""
        return Counter(KillPoint[file.name.partition(_HIT)[0]] for file in self.folder.glob(f"*{_HIT}*"))
