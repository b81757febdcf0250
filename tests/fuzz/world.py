"""A platform to look for mistakes in, and what shows in it that no answer tells: processes that died, errors in logs."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from tests.audit.world import own_servers
from tests.fuzz.result import Finding
from tests.platform import Platform

# Nothing that is sent is too much. Warnings and errors alone, or the logs would be larger than all that is sent.
SETTINGS = {"RATE_LIMIT_WRITE_MAX": "100000000", "RATE_LIMIT_STREAM_MAX": "100000000", "LOG_LEVEL": "warning"}
_ERRORS = ('"level":"error"', '"level":"critical"', "Traceback")


class World:
    """A running platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._processes = [*platform.gateways, *platform.services.values()]
        self._pids = {process.name: process.pid for process in self._processes}
        self._read = {process.name: 0 for process in self._processes}

    def findings(self) -> Iterator[Finding]:
        """What has come since the last time."""
        for process in self._processes:
            if process.pid != self._pids[process.name]:
                self._pids[process.name] = process.pid
                yield Finding(process.name, "died", f"see {process.log_file}")
            for line in self._new_lines(process.name, process.log_file):
                if any(sign in line for sign in _ERRORS):
                    yield Finding(process.name, "logs an error", line)

    def _new_lines(self, name: str, log_file: Path) -> list[str]:
        with log_file.open("rb") as log:
            log.seek(self._read[name])
            lines = log.read().decode(errors="replace").splitlines()
            self._read[name] = log.tell()
        return lines


@contextlib.asynccontextmanager
async def running_world(directory: Path) -> AsyncIterator[World]:
    """On servers of its own."""
    async with own_servers(directory) as servers:
        platform = Platform(
            directory,
            mongo_url=servers.mongod.url,
            redis_url=servers.redis.url,
            rabbitmq_url=servers.rabbitmq_url,
            settings=SETTINGS,
        )
        try:
            await platform.start()
            yield World(platform)
        finally:
            await platform.stop()
