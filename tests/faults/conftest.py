"""People at a platform that may be broken."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.rest import Person, visiting
from tests.platform import Platform
from tests.servers import Servers


@pytest.fixture(scope="session")
async def mortal_platform(servers: Servers) -> AsyncIterator[Platform]:
    # For as long the events that a killed process leaves may have to wait.
    mortal = await servers.platform("mortal", Platform, settings={"OUTBOX_LEASE_SECONDS": "3"})
    yield mortal
    await mortal.stop()


@pytest.fixture
async def platform(mortal_platform: Platform) -> Platform:
    """A platform whose processes a test may end, as long as all of them run again afterwards."""
    await mortal_platform.start()
    return mortal_platform


@pytest.fixture
async def ada(platform: Platform) -> AsyncIterator[Person]:
    async with visiting(platform.base_url) as visitor:
        yield await visitor.sign_up("Ada")
