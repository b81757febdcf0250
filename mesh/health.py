"""Health from watched state: probes run in the background, answers are read from what they last found."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

from mesh.lifecycle import every

log = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[object]]
OVERALL = ""
PROBE_TIMEOUT_S = 2.0


class HealthWatch:
    """Keeps a process's health: one entry per part, and "" (ready) as long as all `needed` parts are well."""

    def __init__(self, probes: Mapping[str, Probe], *, needed: frozenset[str], interval_s: float = 1.0) -> None:
        self._probes, self._needed, self._interval_s = probes, needed, interval_s
        self._well: dict[str, bool] = {}
        self.servicer = HealthServicer()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Probe once before the process serves, then until the context is left."""
        await self._probe_all()
        async with every(self._interval_s, self._probe_all, "health"):
            yield

    async def _probe_all(self) -> None:
        results = await asyncio.gather(*(self._probe(name) for name in self._probes))
        for name, well in zip(self._probes, results, strict=True):
            await self._note(name, well)
        await self._set(OVERALL, all(self._well[name] for name in self._needed))

    async def _probe(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await self._probes[name]()
        except Exception:  # noqa: BLE001  (whatever the reason, the part is not well)
            return False
        return True

    async def _note(self, name: str, well: bool) -> None:
        if self._well.get(name) != well:
            log.log(logging.INFO if well else logging.WARNING, "part is well" if well else "part is away", extra={"part": name})
        self._well[name] = well
        await self._set(name, well)

    async def _set(self, name: str, well: bool) -> None:
        status = health_pb2.HealthCheckResponse.SERVING if well else health_pb2.HealthCheckResponse.NOT_SERVING
        await self.servicer.set(name, status)
