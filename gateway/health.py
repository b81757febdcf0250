"""How the platform is, as the gateway sees it: watched in the background, so that an answer costs nothing."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from unified.api.v1 import status_service_pb2 as pb
from unified.api.v1.status_service_pb2_grpc import StatusServiceStub

OK, DEGRADED, UNAVAILABLE = "ok", "degraded", "unavailable"
STATUS_TIMEOUT_S = 1.0
# One late answer on a busy machine is no outage: a service that answered is away after so many failures in a row.
PATIENCE = 2


class ServiceHealth:
    """What one service says of itself and of the parts it uses."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        """The channel must reach a service that is not ready too, so it must not look at health itself."""
        # The generated types know only synchronous calls.
        self._ask: Any = StatusServiceStub(channel).GetStatus
        self._said = pb.GetStatusResponse()
        self._failures = 0

    async def poll(self) -> None:
        """Ask once. A service that did not answer the last time either is not available, and of its parts nothing is known."""
        try:
            self._said = await self._ask(pb.GetStatusRequest(), timeout=STATUS_TIMEOUT_S)
            self._failures = 0
        except grpc.aio.AioRpcError:
            self._failures += 1
            if self._failures >= PATIENCE:
                self._said = pb.GetStatusResponse()

    @property
    def status(self) -> str:
        if not self._said.ready:
            return UNAVAILABLE
        return OK if all(part.well for part in self._said.parts) else DEGRADED

    def report(self) -> dict[str, Any]:
        """The service's status, and that of each part it uses with its figures."""
        return {"status": self.status, "parts": {part.name: _part_report(part) for part in self._said.parts}}


class PlatformHealth:
    """All services, and the gateway's own Redis."""

    def __init__(self, services: Mapping[str, ServiceHealth], redis_is_up: Callable[[], bool]) -> None:
        self.services = services
        self._redis_is_up = redis_is_up

    async def poll(self) -> None:
        await asyncio.gather(*(service.poll() for service in self.services.values()))

    @property
    def status(self) -> str:
        """Unavailable when no request can be served, degraded when something is not as it should be."""
        statuses = [service.status for service in self.services.values()]
        if all(status == UNAVAILABLE for status in statuses):
            return UNAVAILABLE
        return OK if self._redis_is_up() and all(status == OK for status in statuses) else DEGRADED

    def report(self) -> dict[str, Any]:
        up = self._redis_is_up()
        gateway = {"status": OK if up else DEGRADED, "parts": {"redis": {"status": OK if up else UNAVAILABLE}}}
        services = {name: service.report() for name, service in self.services.items()}
        return {"status": self.status, "parts": {"gateway": gateway, **services}}


def _part_report(part: pb.Part) -> dict[str, Any]:
    return {"status": OK if part.well else UNAVAILABLE, **{figure.name: figure.value for figure in part.figures}}
