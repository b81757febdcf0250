"""A background process that outlives its starter: anyone of the same user can find it again, watch it and end it."""

import asyncio
import hashlib
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dev import marks

_POLL_INTERVAL_S = 0.05
_LOG_LIMIT_BYTES = 20_000_000


class StartError(Exception):
    """Why something cannot start, as one sentence for the person in front of the terminal."""


@dataclass(frozen=True)
class Command:
    argv: Sequence[str]
    environment: Mapping[str, str]
    working_directory: Path


class Process(ABC):
    """One program with its pid in `directory/run` and its log in `directory/log`."""

    start_timeout_s = 60.0
    stop_timeout_s = 20.0

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory.resolve()
        self.pid_file = self.directory / "run" / f"{name}.pid"
        self.log_file = self.directory / "log" / f"{name}.log"
        self._child_pid: int | None = None

    @abstractmethod
    def command(self) -> Command: ...

    @abstractmethod
    async def ready(self) -> bool:
        """Whether it serves now. An OSError means no."""

    async def prepare(self) -> None:
        """Make what a new process needs; called before each start of one."""
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    @property
    def pid(self) -> int | None:
        """Of the running process, whoever started it; None when it does not run."""
        self._reap()
        try:
            pid = int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        mark = marks.mark_of(pid)
        return pid if mark and (mark.directory, mark.name) == (str(self.directory), self.name) else None

    async def start(self) -> None:
        """Return when it is ready. One that runs with the same settings is adopted, one with other settings ended."""
        command = self.command()
        mark = self._mark(command)
        if (pid := self.pid) is None or marks.mark_of(pid) != mark:
            await self.stop()
            await self.prepare()
            self._spawn(command, mark)
        await self._until_ready()

    async def stop(self) -> None:
        """End it and its children: politely, and after `stop_timeout_s` not."""
        if pid := self.pid:
            self._signal(pid, signal.SIGTERM)
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

    def _mark(self, command: Command) -> marks.Mark:
        content = repr((command.argv, sorted(command.environment.items()), command.working_directory))
        return marks.Mark(str(self.directory), self.name, hashlib.sha256(content.encode()).hexdigest()[:16])

    def _spawn(self, command: Command, mark: marks.Mark) -> None:
        with self.log_file.open("ab") as log:
            child = subprocess.Popen(
                command.argv,
                env={**command.environment, marks.VARIABLE: str(mark)},
                cwd=command.working_directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # It may outlive us, which Popen would complain about; _reap waits for it instead.
        child.returncode = 0
        self._child_pid = child.pid
        self.pid_file.write_text(f"{child.pid}\n")

    async def _until_ready(self) -> None:
        try:
            async with asyncio.timeout(self.start_timeout_s):
                while not await self._serves():
                    if self.pid is None:
                        raise self._failure("ended while starting")
                    await asyncio.sleep(_POLL_INTERVAL_S)
        except TimeoutError:
            raise self._failure(f"was not ready after {self.start_timeout_s:.0f} s") from None

    def _failure(self, what: str) -> StartError:
        return StartError(f"{self.name} {what}; {self.log_file} ends with:\n{self.log_tail()}")

    async def _serves(self) -> bool:
        try:
            return await self.ready()
        except OSError:
            return False

    def _signal(self, pid: int, signum: signal.Signals) -> None:
        if mark := marks.mark_of(pid):
            marks.send(pid, mark, signum)

    def _kill_leftovers(self) -> None:
        for pid, mark in marks.marked(self.directory).items():
            if mark.name == self.name:
                marks.kill(pid, mark)

    def _reap(self) -> None:
        if self._child_pid:
            with suppress(ChildProcessError):
                os.waitpid(self._child_pid, os.WNOHANG)
