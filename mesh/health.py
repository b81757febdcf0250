"""Health from watched state: probes run in the background, answers are read from what they last found."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from prometheus_client import Gauge
from unified.api.v1 import status_service_pb2 as pb
from unified.api.v1.status_service_pb2_grpc import StatusServiceServicer

from mesh.interceptors import Context
from mesh.lifecycle import every

log = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[object]]
"""Raises unless the part is well; may answer figures about it, as a mapping from name to number."""

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
# Whether the process is well enough to be left running, and whether it is ready for calls.
LIVE, OVERALL = "live", ""
# One late answer on a busy machine is no outage: a part that was well is away after so many failures in a row.
PATIENCE = 2
PROBE_TIMEOUT_S = 2.0
WELL = Gauge("unified_part_well", "Whether what the process works with is well.", ["part"])


class HealthWatch:
    """Keeps a process's health: one entry per part, and "" (ready) as long as all `needed` parts are well."""

    def __init__(self, probes: Mapping[str, Probe], *, needed: frozenset[str], interval_s: float = 1.0) -> None:
        self._probes, self._needed, self._interval_s = probes, needed, interval_s
        self._parts: dict[str, pb.Part] = {}
        self._failures: Counter[str] = Counter()
        self._draining = False
        self.servicer = HealthServicer()

    @property
    def ready(self) -> bool:
        """Whether all needed parts were well when last seen."""
        return all(self._parts[name].well for name in self._needed)

    def status(self) -> pb.GetStatusResponse:
        """All that is known."""
        return pb.GetStatusResponse(ready=self.ready, parts=self._parts.values())

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Probe once before the process serves, then until the context is left."""
        await self.servicer.set(LIVE, SERVING)
        await self._probe_all()
        async with every(self._interval_s, self._probe_all, "health"):
            yield

    async def drain(self) -> None:
        """From now on the process is not ready, whatever its parts are; it lives until it has ended."""
        self._draining = True
        await self.servicer.set(OVERALL, NOT_SERVING)

    async def _probe_all(self) -> None:
        for part in await asyncio.gather(*(self._probe(name) for name in self._probes)):
            self._note(part)
            await self.servicer.set(part.name, SERVING if part.well else NOT_SERVING)
        await self.servicer.set(OVERALL, SERVING if self.ready and not self._draining else NOT_SERVING)

    async def _probe(self, name: str) -> pb.Part:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                found = await self._probes[name]()
        except Exception:  # noqa: BLE001  (whatever the reason, the part is not well)
            self._failures[name] += 1
            before = self._parts.get(name)
            return before if before and before.well and self._failures[name] < PATIENCE else pb.Part(name=name, well=False)
        self._failures[name] = 0
        figures = found if isinstance(found, Mapping) else {}
        return pb.Part(name=name, well=True, figures=[pb.Figure(name=key, value=value) for key, value in figures.items()])

    def _note(self, part: pb.Part) -> None:
        before = self._parts.get(part.name)
        if before is None or before.well != part.well:
            log.log(
                logging.INFO if part.well else logging.WARNING,
                "part is well" if part.well else "part is away",
                extra={"part": part.name},
            )
        self._parts[part.name] = part
        WELL.labels(part.name).set(part.well)


class StatusServicer(StatusServiceServicer):
    """Answers what the watch knows."""

    def __init__(self, health: HealthWatch) -> None:
        self._health = health

    async def GetStatus(self, request: pb.GetStatusRequest, context: Context) -> pb.GetStatusResponse:
        return self._health.status()


@contextlib.asynccontextmanager
async def serving_health(address: str, port: int | None, health: HealthWatch) -> AsyncIterator[None]:
    """Tell health on a port of its own, to those without a certificate; do nothing without a port. Until it is watched, the
    process lives and is not ready. Raises OSError when the port is taken."""
    if port is None:
        yield
        return
    await health.servicer.set(LIVE, SERVING)
    await health.servicer.set(OVERALL, NOT_SERVING)
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(health.servicer, server)
    try:
        server.add_insecure_port(f"{address}:{port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}:{port}: is the port taken?") from error
    await server.start()
    try:
        yield
    finally:
        await server.stop(grace=0)
