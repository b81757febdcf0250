"""The platform's own four processes as background processes."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from dev.ports import answer_of
from dev.process import Command, Process, StartError
from mesh import mongo

ROOT = Path(__file__).resolve().parent.parent
# What a Python process needs besides its settings; everything else in the starter's environment stays out.
SOURCES = {"PYTHONPATH": f"{ROOT}:{ROOT / 'generated'}", "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}

_READY_REQUEST = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_CALL_TIMEOUT_S = 2.0


class PlatformProcess(Process):
    def __init__(
        self, name: str, directory: Path, ports: Mapping[str, int], settings: Mapping[str, str], module: Sequence[str]
    ) -> None:
        """`module` is what follows `python -m`. The first of `ports` is the one that serves."""
        super().__init__(name, directory, ports)
        self.port = next(iter(ports.values()))
        self._settings, self._module = settings, module

    def command(self) -> Command:
        return Command([sys.executable, "-m", *self._module], {**SOURCES, **self._settings}, ROOT)


class GrpcService(PlatformProcess):
    """A service that says over gRPC health whether it is ready."""

    async def ready(self) -> bool:
        # Where it asks for certificates, health alone has a port without.
        port = next((port for setting, port in self.ports.items() if setting.endswith("_HEALTH_PORT")), self.port)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
            try:
                answer = await check(health_pb2.HealthCheckRequest(), timeout=_CALL_TIMEOUT_S)
            except grpc.aio.AioRpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def failure(self, what: str) -> StartError:
        if why := _why_mongodb_is_away(self.log_tail(1)):
            setting = f"MONGO_URI_{next(iter(self.ports)).removesuffix('_PORT')}"
            return StartError(f"{self.name} waits for MongoDB ({setting}): {why}; its log is {self.log_file}")
        return super().failure(what)


class Gateway(PlatformProcess):
    """The edge, which says over HTTP whether it is ready."""

    async def ready(self) -> bool:
        return (await answer_of(self.port, _READY_REQUEST)).startswith(b"HTTP/1.1 200")


def _why_mongodb_is_away(line: str) -> str:
    """By what a service that waits for it logs again and again; empty where it does not wait."""
    try:
        entry = json.loads(line)
        # The driver's words end with its timeouts and what it knows of each server.
        return str(entry["error"]).partition(" (configured timeouts")[0] if entry["message"] == mongo.WAITING else ""
    except (ValueError, KeyError, TypeError):
        return ""
