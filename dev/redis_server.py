"""A private Redis server that keeps its data over restarts."""

import os
from pathlib import Path

from dev.ports import answer_of
from dev.process import Command, Process
from dev.programs import find_program


class RedisServer(Process):
    def __init__(self, directory: Path, port: int, *, databases: int = 16) -> None:
        super().__init__("redis", directory, {"LOCAL_REDIS_PORT": port})
        self.port = port
        self.url = f"redis://127.0.0.1:{port}/0"
        self._databases = databases
        self._data = self.directory / "data" / "redis"

    def command(self) -> Command:
        argv = [find_program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._data)]
        argv += ["--save", "", "--appendonly", "yes", "--daemonize", "no"]
        argv += ["--databases", str(self._databases)]
        # Its title would be written over the environment, where our mark is.
        argv += ["--set-proc-title", "no"]
        return Command(argv, {"PATH": os.defpath, "LANG": "C.UTF-8"}, self.directory)

    async def prepare(self) -> None:
        await super().prepare()
        self._data.mkdir(parents=True, exist_ok=True)

    async def ready(self) -> bool:
        # While it still loads its data it answers -LOADING.
        return await answer_of(self.port, b"PING\r\n") == b"+PONG\r\n"
