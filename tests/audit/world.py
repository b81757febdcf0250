"""What the audit runs against: real servers of its own, and the platform's real processes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.ports import free_port
from dev.process import Process
from dev.servers import Mongod, RabbitMQ, RedisServer
from tests.audit.plan import Plan
from tests.audit.points import FOLDER_VARIABLE, KillPoints
from tests.audit.processes.notify_svc import DELIVERIES_VARIABLE
from tests.platform import Platform

MODULES = {name: [f"tests.audit.processes.{name}"] for name in ("task_svc", "notify_svc")}
SETTINGS = {
    "API_TIMEOUT_SECONDS": "4",
    # Short pauses, so that draining takes seconds.
    "EVENT_RETRY_DELAYS_SECONDS": "0.2,1,3",
    # Longer than a loaded machine takes to publish: below, the sweep sends what its writer is just sending.
    "OUTBOX_SWEEP_INTERVAL_SECONDS": "0.5",
    "OUTBOX_SWEEP_AGE_SECONDS": "2",
    "OUTBOX_LEASE_SECONDS": "3",
    "REMINDER_INTERVAL_SECONDS": "0.3",
    "LOG_LEVEL": "warning",
}


@dataclass(frozen=True, slots=True)
class Servers:
    mongod: Mongod
    redis: RedisServer
    rabbitmq: RabbitMQ
    # Of the virtual host that the platform uses.
    rabbitmq_url: str

    def processes(self) -> dict[str, Process]:
        return {"mongod": self.mongod, "redis": self.redis, "rabbitmq": self.rabbitmq}


@dataclass(frozen=True, slots=True)
class World:
    directory: Path
    servers: Servers
    platform: Platform
    points: KillPoints

    @property
    def journal_file(self) -> Path:
        return self.directory / "journal.jsonl"

    @property
    def deliveries_file(self) -> Path:
        return self.directory / "deliveries.jsonl"

    def processes(self, victims: Sequence[str]) -> Mapping[str, Process]:
        """Those of the platform, and of the servers those that are to be killed."""
        platform = {process.name: process for process in (*self.platform.gateways, *self.platform.services.values())}
        servers = {name: server for name, server in self.servers.processes().items() if name in victims}
        return {**platform, **servers}


@contextlib.asynccontextmanager
async def own_servers(directory: Path) -> AsyncIterator[Servers]:
    """Running servers that nobody else uses."""
    rabbitmq = RabbitMQ(directory, free_port())
    servers = Servers(Mongod(directory, free_port()), RedisServer(directory, free_port()), rabbitmq, rabbitmq.url)
    try:
        await asyncio.gather(*(server.start() for server in servers.processes().values()))
        yield servers
    finally:
        await asyncio.gather(*(server.stop() for server in servers.processes().values()))


@contextlib.asynccontextmanager
async def running_world(directory: Path, servers: Servers, plan: Plan) -> AsyncIterator[World]:
    """The platform, running against these servers, with an empty database."""
    points = KillPoints(directory / "points")
    deliveries = directory / "deliveries.jsonl"
    deliveries.touch()
    platform = Platform(
        directory,
        mongo_url=servers.mongod.url,
        redis_url=servers.redis.url,
        rabbitmq_url=servers.rabbitmq_url,
        gateways=plan.replicas,
        replicas={"task_svc": plan.replicas, "notify_svc": plan.replicas},
        settings={**SETTINGS, FOLDER_VARIABLE: str(points.folder), DELIVERIES_VARIABLE: str(deliveries)},
        modules={**MODULES, **plan.modules},
    )
    world = World(directory, servers, platform, points)
    try:
        await platform.start()
        if "rabbitmq" in plan.victims:
            # RabbitMQ 3.10 writes the registration of a new quorum queue down seconds later, or when it stops: killed
            # before, it would never find the queue again.
            await servers.rabbitmq.stop()
            await servers.rabbitmq.start()
        yield world
    finally:
        await platform.stop()
