"""What must be true of an image, and of the platform that runs from all four. Each answers what is wrong, in sentences."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from dev.compose.file import Compose, read
from dev.compose.settings import PORTS, port_of
from dev.images.building import Image
from dev.images.running import ContainedGateway, ContainedService, run
from dev.ports import free_port
from dev.servers import Mongod, RedisServer

# Served by the gateway from its own files.
PAGES = ("/health/ready", "/docs", "/docs/swagger-ui-bundle.js")


def problems_of(service: str, image: Image) -> Iterator[str]:
    if image.user.partition(":")[0] in ("", "0", "root"):
        yield f"{service} runs as root"
    held = {path.name for path in (image.root / "app").iterdir()}
    if held != {"generated", "mesh", service}:
        yield f"{service} holds {', '.join(sorted(held))}"
    ended = run(image, {})
    if ended.returncode != 1 or not ended.stderr.startswith("Settings are missing or wrong:"):
        yield f"{service} without settings ended with {ended.returncode}: {ended.stderr or ended.stdout}"


async def problems_together(images: Mapping[str, Image], folder: Path) -> list[str]:
    """Started on real stores: that all become ready, that health checks say so, that pages are there, and that all stop."""
    mongod, redis = Mongod(folder, free_port()), RedisServer(folder, free_port())
    processes = _processes(images, folder, mongod.url, redis.url)
    async with AsyncExitStack() as stack:
        for process in (mongod, redis, *processes.values()):
            stack.push_async_callback(process.stop)
            await process.start()
        return await asyncio.to_thread(lambda: [*_health_problems(processes), *_page_problems(processes["gateway"].port)])


Contained = ContainedService | ContainedGateway


def _processes(images: Mapping[str, Image], folder: Path, mongo_url: str, redis_url: str) -> dict[str, Contained]:
    ports = {service: free_port() for service in images}
    settings = {
        "BIND_ADDRESS": "127.0.0.1",
        "JWT_SECRET": secrets.token_hex(32),
        "REDIS_URL": redis_url,
        # Nobody is there: it is not needed to be ready.
        "RABBITMQ_URL": f"amqp://127.0.0.1:{free_port()}",
        **{f"MONGO_URI_{name}_SERVICE": mongo_url for name in ("USER", "TASK", "NOTIFICATION")},
        **{PORTS[service].upper(): str(port) for service, port in ports.items()},
    }
    kinds = {service: ContainedGateway if service == "gateway" else ContainedService for service in images}
    return {service: kinds[service](service, folder, ports[service], settings, image) for service, image in images.items()}


def _health_problems(processes: Mapping[str, Contained]) -> Iterator[str]:
    """The health checks of compose.yaml, run in the images."""
    containers = Compose(read()).containers
    for service, process in processes.items():
        documented = str(port_of(containers[service]))
        words = [word.replace(documented, str(process.port)) for word in containers[service].said["healthcheck"]["test"][1:]]
        if (asked := run(process.image, {}, words)).returncode:
            yield f"{service}: its health check ended with {asked.returncode}: {asked.stderr}"


def _page_problems(port: int) -> Iterator[str]:
    for page in PAGES:
        try:
            urlopen(f"http://127.0.0.1:{port}{page}", timeout=10).close()
        except HTTPError as refusal:
            yield f"the gateway answers {page} with {refusal.code}"
