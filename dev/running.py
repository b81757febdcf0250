"""A background process known by its pid file and mark: anyone of the same user can find it again, watch it and end it."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from dev import marks


class Running:
    """The process called `name` of the stack in `directory`, whether it runs or not and whoever started it."""

    stop_timeout_s = 40.0

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory.resolve()
        self.pid_file = self.directory / "run" / f"{name}.pid"
        self.log_file = self.directory / "log" / f"{name}.log"
        self._child_pid: int | None = None

    @property
    def pid(self) -> int | None:
        """None when it does not run."""
        self._reap()
        try:
            pid = int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        mark = marks.mark_of(pid)
        return pid if mark and (mark.directory, mark.name) == (str(self.directory), self.name) else None

    async def stop(self) -> None:
        """End it and its children: politely, and after `stop_timeout_s` not."""
        if (pid := self.pid) and (mark := marks.mark_of(pid)):
            marks.send(pid, mark, signal.SIGTERM)
            try:
                await asyncio.wait_for(self.exited(), self.stop_timeout_s)
            except TimeoutError:
                self.kill()
        self._kill_leftovers()
        self.pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it at once, as a crash would; children it leaves are ended by the next start or stop."""
        if (pid := self.pid) and (mark := marks.mark_of(pid)):
            marks.kill(pid, mark)
        self._reap()

    async def exited(self) -> None:
        """Return when it does not run any more."""
        if (pid := self.pid) is None:
            return
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._reap()

    def log_tail(self, lines: int = 20) -> str:
        try:
            text = self.log_file.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def family(self) -> dict[int, marks.Mark]:
        """It and its children; the children alone when it died and left them."""
        return {pid: mark for pid, mark in marks.marked(self.directory).items() if mark.name == self.name}

    def _kill_leftovers(self) -> None:
        for pid, mark in self.family().items():
            marks.kill(pid, mark)
        self._reap()

    def _reap(self) -> None:
        if self._child_pid:
            with suppress(ChildProcessError):
                os.waitpid(self._child_pid, os.WNOHANG)
