"""People at a platform that may be broken."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dev.servers import Mongod, RabbitMQ
from tests.e2e.rest import Person, visiting
from tests.platform import Platform


@pytest.fixture(scope="session")
async def mortal_platform(
    run_directory: Path, mongod: Mongod, redis_databases: Iterator[str], rabbitmq: RabbitMQ
) -> AsyncIterator[Platform]:
    mortal = Platform(
        run_directory / "platform_mortal",
        mongo_url=mongod.url,
        redis_url=next(redis_databases),
        rabbitmq_url=await rabbitmq.add_virtual_host("mortal"),
    )
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
