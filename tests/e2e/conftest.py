"""People at a running platform: at a gateway itself; at two of them behind nginx; at one whose processes speak mutual TLS; and at
one that has two of everything."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from aiohttp import connector

from dev.authority import make_certificates
from tests.browser import browser  # noqa: F401  (a fixture)
from tests.e2e.rest import Client, Person, visiting
from tests.nginx import Nginx
from tests.platform import SERVICES, Platform
from tests.servers import Servers


class PlatformBehindNginx(Platform):
    """Its address is that of nginx."""

    nginx: Nginx

    @property
    def base_url(self) -> str:
        return self.nginx.url


@asynccontextmanager
async def behind_nginx(name: str, servers: Servers) -> AsyncIterator[PlatformBehindNginx]:
    """A running platform with two gateways, and nginx before them."""
    settings = {"TRUSTED_PROXIES": "127.0.0.1"}
    async with servers.running(name, PlatformBehindNginx, gateways=2, settings=settings) as platform:
        gateways = [f"127.0.0.1:{gateway.port}" for gateway in platform.gateways]
        services = {service: [platform.target(service).removeprefix("ipv4:")] for service in SERVICES}
        platform.nginx = Nginx(platform.directory, {"gateways": gateways, **services})
        try:
            await platform.nginx.start()
            trust(platform.nginx.certificate)
            yield platform
        finally:
            await platform.nginx.stop()


@pytest.fixture(scope="session")
async def platform_behind_nginx(servers: Servers) -> AsyncIterator[PlatformBehindNginx]:
    async with behind_nginx("nginx", servers) as platform:
        yield platform


def trust(certificate: Path) -> None:
    """Let every client of this process, and of those that it starts, take this server for what it says."""
    os.environ["CURL_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = str(certificate)
    # Made when aiohttp was imported, of what was trusted then.
    connector._SSL_CONTEXT_VERIFIED.load_verify_locations(certificate)


@pytest.fixture(scope="session")
def certificates(run_directory: Path) -> Path:
    """A folder of them."""
    folder = run_directory / "certificates"
    make_certificates(folder)
    return folder


@pytest.fixture(scope="session")
async def platform_over_mutual_tls(servers: Servers, certificates: Path) -> AsyncIterator[Platform]:
    async with servers.running("mtls", Platform, certificates=certificates) as platform:
        yield platform


class PlatformOfTwo(Platform):
    """Two of everything; whoever asks for its address comes to the one gateway and the other by turns."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, gateways=2, replicas=dict.fromkeys(SERVICES, 2), **options)
        self._turns = cycle(self.base_urls)

    @property
    def base_url(self) -> str:
        return next(self._turns)


@pytest.fixture(scope="session")
async def platform_of_two(servers: Servers) -> AsyncIterator[Platform]:
    async with servers.running("twice", PlatformOfTwo) as platform:
        yield platform


PLATFORMS = {
    "plain": "shared_platform",
    "nginx": "platform_behind_nginx",
    "mtls": "platform_over_mutual_tls",
    "replicas": "platform_of_two",
}


@pytest.fixture(scope="session", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> Platform:
    """A running platform that tests share: they must not stop anything, and must bring users of their own."""
    found: Platform = request.getfixturevalue(PLATFORMS[request.param])
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
