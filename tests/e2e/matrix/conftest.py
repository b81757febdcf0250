"""Who plays in the matrix: the same people in all of its tests, on the plain platform alone."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.matrix.edges import Edges, edges_of
from tests.e2e.matrix.people import People
from tests.e2e.matrix.things import Things
from tests.e2e.rest import visiting
from tests.platform import Platform


@pytest.fixture(scope="session")
async def edges(shared_platform: Platform) -> AsyncIterator[Edges]:
    async with edges_of(shared_platform) as edges:
        yield edges


@pytest.fixture(scope="session")
async def people(shared_platform: Platform) -> AsyncIterator[People]:
    async with visiting(shared_platform.base_url) as visitor:
        yield People(visitor, *[await visitor.sign_up(name) for name in ("Ada", "Bob", "Eve")])


@pytest.fixture(scope="session")
def adas_things(people: People) -> Things:
    """For requests that are refused: they change nothing of it."""
    return Things(people.ada, people.bob)
