"""How the platform is, as the gateway sees it: watched in the background, so that an answer costs nothing."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

OK, DEGRADED, UNAVAILABLE = "ok", "degraded", "unavailable"
OVERALL = ""
PARTS = ("mongodb", "redis", "rabbitmq")
CHECK_TIMEOUT_S = 1.0


class ServiceHealth:
    """What one service says of itself and of the parts it uses."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        """The channel must reach a service that is not ready too, so it must not look at health itself."""
        self._check: Any = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
        self._parts: dict[str, bool] = {}

    async def poll(self) -> None:
        """Ask once for everything. A service that does not answer is not available, and of its parts nothing is known."""
        answers = await asyncio.gather(*(self._ask(part) for part in (OVERALL, *PARTS)))
        parts = zip((OVERALL, *PARTS), answers, strict=True)
        self._parts = {part: answer for part, answer in parts if answer is not None}

    @property
    def status(self) -> str:
        if not self._parts.get(OVERALL):
            return UNAVAILABLE
        return OK if all(self._parts.values()) else DEGRADED

    def report(self) -> dict[str, str]:
        """The service's status and that of each part it uses."""
        parts = {part: OK if well else UNAVAILABLE for part, well in self._parts.items() if part != OVERALL}
        return {"status": self.status, **parts}

    async def _ask(self, part: str) -> bool | None:
        """Whether the part is well; None where the service has no such part, or does not say."""
        try:
            answer = await self._check(health_pb2.HealthCheckRequest(service=part), timeout=CHECK_TIMEOUT_S)
        except grpc.aio.AioRpcError:
            return None
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


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
        gateway = {"status": OK if up else DEGRADED, "redis": OK if up else UNAVAILABLE}
        services = {name: service.report() for name, service in self.services.items()}
        return {"status": self.status, "parts": {"gateway": gateway, **services}}
