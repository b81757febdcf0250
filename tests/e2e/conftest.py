"""People at a running platform."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.rest import Client, Person, visiting
from tests.platform import Platform


@pytest.fixture
async def visitor(platform: Platform) -> AsyncIterator[Client]:
    async with visiting(platform.base_url) as client:
        yield client


@pytest.fixture
async def ada(visitor: Client) -> Person:
    return await visitor.sign_up("Ada")


@pytest.fixture
async def bob(visitor: Client) -> Person:
    return await visitor.sign_up("Bob")
