"""A gateway in front of scripted services."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.browser import browser  # noqa: F401  (a fixture)
from tests.integration.gateway.edge import Edge, edge_settings, environment_of, running_edge
from tests.integration.gateway.services import ScriptedServices


@pytest.fixture(scope="session")
async def shared_services() -> AsyncIterator[ScriptedServices]:
    services = ScriptedServices()
    async with services.serving():
        yield services


@pytest.fixture(scope="session")
async def shared_edge(shared_services: ScriptedServices, redis_databases: Iterator[str]) -> AsyncIterator[Edge]:
    settings = edge_settings(shared_services, next(redis_databases), api_timeout_seconds=0.5, body_timeout_seconds=0.5)
    async with running_edge(settings) as edge:
        yield edge


@pytest.fixture
def services(shared_services: ScriptedServices) -> ScriptedServices:
    """The services behind `edge`, without what an earlier test made of them."""
    shared_services.behaviours.clear()
    shared_services.calls.clear()
    return shared_services


@pytest.fixture
def edge(shared_edge: Edge, services: ScriptedServices) -> Edge:
    """A gateway that gives calls and bodies half a second."""
    return shared_edge


@pytest.fixture
def environment(services: ScriptedServices, redis_url: str) -> dict[str, str]:
    return environment_of(services, redis_url)
