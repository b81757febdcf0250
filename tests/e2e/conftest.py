"""People at a running platform: at a gateway itself, and at two of them behind nginx."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import connector

from dev.servers import Mongod, RabbitMQ
from tests.browser import browser  # noqa: F401  (a fixture)
from tests.e2e.rest import Client, Person, visiting
from tests.nginx import Nginx
from tests.platform import SERVICES, Platform


class PlatformBehindNginx(Platform):
    """Its address is that of nginx."""

    nginx: Nginx

    @property
    def base_url(self) -> str:
        return self.nginx.url


@asynccontextmanager
async def behind_nginx(
    name: str, directory: Path, mongod: Mongod, redis_databases: Iterator[str], rabbitmq: RabbitMQ
) -> AsyncIterator[PlatformBehindNginx]:
    """A running platform with two gateways, and nginx before them."""
    platform = PlatformBehindNginx(
        directory / f"platform_{name}",
        mongo_url=mongod.url,
        redis_url=next(redis_databases),
        rabbitmq_url=await rabbitmq.add_virtual_host(name),
        gateways=2,
        settings={"TRUSTED_PROXIES": "127.0.0.1"},
    )
    gateways = [url.removeprefix("http://") for url in platform.base_urls]
    services = {service: [platform.target(service).removeprefix("ipv4:")] for service in SERVICES}
    platform.nginx = Nginx(platform.directory, {"gateways": gateways, **services})
    try:
        await platform.start()
        await platform.nginx.start()
        trust(platform.nginx.certificate)
        yield platform
    finally:
        await platform.nginx.stop()
        await platform.stop()


@pytest.fixture(scope="session")
async def platform_behind_nginx(
    run_directory: Path, mongod: Mongod, redis_databases: Iterator[str], rabbitmq: RabbitMQ
) -> AsyncIterator[PlatformBehindNginx]:
    async with behind_nginx("nginx", run_directory, mongod, redis_databases, rabbitmq) as platform:
        yield platform


def trust(certificate: Path) -> None:
    """Let every client of this process, and of those that it starts, take this server for what it says."""
    os.environ["CURL_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = str(certificate)
    # Made when aiohttp was imported, of what was trusted then.
    connector._SSL_CONTEXT_VERIFIED.load_verify_locations(certificate)


@pytest.fixture(scope="session", params=["platform", "platform_behind_nginx"], ids=["plain", "nginx"])
def platform(request: pytest.FixtureRequest) -> Platform:
    """A running platform that tests share: they must not stop anything, and must bring users of their own."""
    found: Platform = request.getfixturevalue("shared_platform" if request.param == "platform" else request.param)
    return found


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
