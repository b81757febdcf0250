"""When a service counts as away."""

import grpc
import pytest
from unified.api.v1.status_service_pb2 import GetStatusRequest, GetStatusResponse
from unified.api.v1.status_service_pb2_grpc import StatusServiceServicer, add_StatusServiceServicer_to_server

from gateway.health import OK, UNAVAILABLE, ServiceHealth
from mesh.interceptors import Context
from tests.callers import reaching
from tests.waiting import PATIENCE_S


class Flaky(StatusServiceServicer):
    """A service that does not answer the given polls, counted from 1."""

    def __init__(self, *failing: int) -> None:
        self._failing = failing
        self._polls = 0

    async def GetStatus(self, request: GetStatusRequest, context: Context) -> GetStatusResponse:
        self._polls += 1
        if self._polls in self._failing:
            await context.abort(grpc.StatusCode.UNAVAILABLE)
        return GetStatusResponse(ready=True)


async def statuses(service: Flaky) -> list[str]:
    """After each of five polls."""
    server = grpc.aio.server()
    add_StatusServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    seen = []
    try:
        async with reaching(port, healthy_only=False) as channel:
            watch = ServiceHealth(channel)
            for _ in range(5):
                await watch.poll()
                seen.append(watch.status)
    finally:
        await server.stop(0)
    return seen


@pytest.fixture(autouse=True)
def no_poll_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.health.STATUS_TIMEOUT_S", PATIENCE_S)


async def test_one_failure_between_successes_is_no_outage() -> None:
    assert await statuses(Flaky(2, 4)) == [OK] * 5


async def test_two_failures_in_a_row_are() -> None:
    assert await statuses(Flaky(2, 3, 4)) == [OK, OK, UNAVAILABLE, UNAVAILABLE, OK]


async def test_a_service_that_never_answered_is_away_from_the_first_failure() -> None:
    assert await statuses(Flaky(1)) == [UNAVAILABLE, *[OK] * 4]
