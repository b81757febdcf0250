"""A gateway in front of scripted services."""

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.settings import GatewaySettings
from tests.browser import browser  # noqa: F401  (a fixture)
from tests.integration.gateway.edge import HASTY_S, Edge, edge_settings, environment_of, running_edge
from tests.integration.gateway.services import ScriptedServices
from tests.waiting import PATIENCE_S


@pytest.fixture(scope="session")
async def shared_services() -> AsyncIterator[ScriptedServices]:
    services = ScriptedServices()
    async with services.serving():
        yield services


@pytest.fixture(scope="session")
async def shared_edge(shared_services: ScriptedServices, redis_databases: Iterator[str]) -> AsyncIterator[Edge]:
    async with running_edge(shared_settings(shared_services, next(redis_databases), PATIENCE_S)) as edge:
        yield edge


@pytest.fixture(scope="session")
async def shared_hasty_edge(shared_services: ScriptedServices, redis_databases: Iterator[str]) -> AsyncIterator[Edge]:
    async with running_edge(shared_settings(shared_services, next(redis_databases), HASTY_S)) as edge:
        yield edge


def shared_settings(services: ScriptedServices, redis_url: str, timeout_s: float) -> GatewaySettings:
    return edge_settings(services, redis_url, api_timeout_seconds=timeout_s, body_timeout_seconds=timeout_s)


@pytest.fixture
def services(shared_services: ScriptedServices) -> ScriptedServices:
    """The services behind `edge`, without what an earlier test made of them."""
    shared_services.behaviours.clear()
    shared_services.calls.clear()
    return shared_services


@pytest.fixture
def edge(shared_edge: Edge, services: ScriptedServices) -> Edge:
    """A gateway that waits for `PATIENCE_S`."""
    return shared_edge


@pytest.fixture
def hasty_edge(shared_hasty_edge: Edge, services: ScriptedServices) -> Edge:
    """A gateway that waits for `HASTY_S`."""
    return shared_hasty_edge


@pytest.fixture
def environment(services: ScriptedServices, redis_url: str) -> dict[str, str]:
    return environment_of(services, redis_url)
