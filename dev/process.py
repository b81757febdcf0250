"""Starts a background process that outlives its starter, or adopts it when it already runs."""

import asyncio
import hashlib
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev import marks
from dev.ports import in_use
from dev.running import Running

_POLL_INTERVAL_S = 0.05
_PORT_PATIENCE_S = 5.0
_LOG_LIMIT_BYTES = 20_000_000


class StartError(Exception):
    """Why something cannot start, for the person in front of the terminal."""


@dataclass(frozen=True)
class Command:
    argv: Sequence[str]
    environment: Mapping[str, str]
    working_directory: Path


class Process(Running, ABC):
    """One program with its pid in `directory/run` and its log in `directory/log`."""

    start_timeout_s = 60.0

    def __init__(self, name: str, directory: Path, ports: Mapping[str, int]) -> None:
        """`ports` are those it listens on, by the setting that moves them."""
        super().__init__(name, directory)
        self.ports = ports

    @abstractmethod
    def command(self) -> Command: ...

    @abstractmethod
    async def ready(self) -> bool:
        """Whether it serves now. An OSError means no."""

    async def start(self) -> None:
        """Return when it is ready. One that runs with the same settings is adopted, one with other settings ended."""
        if not self.runs_as_set:
            await self.stop()
            await self._require_ports()
            await self.prepare()
            self._spawn(self.command())
        await self._until_ready()

    @property
    def runs_as_set(self) -> bool:
        """Whether it runs, with the settings it has here."""
        return (pid := self.pid) is not None and marks.mark_of(pid) == self._mark(self.command())

    async def prepare(self) -> None:
        """Make what a new process needs; called before each start of one."""
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    async def healthy(self) -> bool:
        try:
            return self.pid is not None and await self.ready()
        except OSError:
            return False

    async def _require_ports(self) -> None:
        # A process that was killed loses its mark some time before the kernel closes its ports.
        give_up_at = time.monotonic() + _PORT_PATIENCE_S
        while taken := self.taken_ports():
            if time.monotonic() > give_up_at:
                raise StartError("\n".join(taken))
            await asyncio.sleep(_POLL_INTERVAL_S)

    def _mark(self, command: Command) -> marks.Mark:
        # Another terminal's PATH is no other setting.
        settings = sorted((name, value) for name, value in command.environment.items() if name != "PATH")
        content = repr((command.argv, settings, command.working_directory))
        return marks.Mark(str(self.directory), self.name, hashlib.sha256(content.encode()).hexdigest()[:16])

    def taken_ports(self) -> list[str]:
        """For a process that does not run: a sentence for each of its ports that somebody else has."""
        return [
            f"{self.name}: port {port} is taken by another program; set {setting} to a free port"
            for setting, port in self.ports.items()
            if in_use(port)
        ]

    def _spawn(self, command: Command) -> None:
        with self.log_file.open("ab") as log:
            child = subprocess.Popen(
                command.argv,
                env={**command.environment, marks.VARIABLE: str(self._mark(command))},
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
                while not await self.healthy():
                    if self.pid is None:
                        raise self.failure("ended while starting")
                    await asyncio.sleep(_POLL_INTERVAL_S)
        except TimeoutError:
            raise self.failure(f"was not ready after {self.start_timeout_s:.0f} s") from None

    def failure(self, what: str) -> StartError:
        """Why it did not start, with the end of its log."""
        return StartError(f"{self.name} {what}; {self.log_file} ends with:\n{self.log_tail()}")
