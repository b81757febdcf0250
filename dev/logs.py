"""`make logs`: the ends of the log files, then whatever is added, each line under its process's name."""

import asyncio
from pathlib import Path
from typing import BinaryIO

from dev.configuration import read_configuration
from dev.process import StartError

_POLL_INTERVAL_S = 0.2
_TAIL_BYTES = 2_000


class _Tail:
    """One log file, which may be replaced by a new one of the same name."""

    def __init__(self, file: Path) -> None:
        self.name, self._file = file.stem, file
        self._open: BinaryIO = file.open("rb")
        self._open.seek(max(0, file.stat().st_size - _TAIL_BYTES))
        if self._open.tell():
            self._open.readline()

    def new_lines(self) -> list[str]:
        lines = self._open.read().decode(errors="replace").splitlines()
        if self._file.exists() and not self._file.samefile(f"/proc/self/fd/{self._open.fileno()}"):
            self._open.close()
            self._open = self._file.open("rb")
        return lines


async def logs(name: str | None, *, follow: bool) -> int:
    folder = read_configuration().home / "log"
    files = sorted(folder.glob(f"{name or '*'}.log"))
    if not files:
        raise StartError(f"there is no log {name or ''} in {folder}: start the platform with `make up`")
    tails = [_Tail(file) for file in files]
    width = max(len(tail.name) for tail in tails)
    while True:
        for tail in tails:
            for line in tail.new_lines():
                print(f"{tail.name:<{width}} | {line}", flush=True)
        if not follow:
            return 0
        await asyncio.sleep(_POLL_INTERVAL_S)
