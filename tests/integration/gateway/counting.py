"""A gateway that is a process, and what it has."""

import json
import os
import resource
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.service import Gateway
from tests.waiting import until


@dataclass(frozen=True)
class Holdings:
    """Objects by type, open files, bytes of memory."""

    objects: Counter[str]
    files: int
    memory: int


class CountedGateway(Gateway):
    """One that refuses nobody for coming often."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._counts = directory / "counts.json"
        port = int(environment["API_GATEWAY_PORT"])
        settings = {"PATH": os.defpath, "RATE_LIMIT_MAX": "1000000", "RATE_LIMIT_STREAM_MAX": "1000000", "LOG_LEVEL": "warning"}
        module = ["tests.integration.gateway.counted", str(self._counts)]
        super().__init__("gateway", directory, {"API_GATEWAY_PORT": port}, {**settings, **environment}, module)

    async def holdings(self) -> Holdings:
        """After a collection of garbage."""
        assert self.pid is not None
        self._counts.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        await until(self._counts.exists)
        process = Path(f"/proc/{self.pid}")
        pages = int((process / "statm").read_text().split()[1])
        objects = Counter(json.loads(self._counts.read_text()))
        return Holdings(objects, len(list((process / "fd").iterdir())), pages * resource.getpagesize())
