"""The real servers of a test run, and platforms on them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from dev.servers import Mongod, RabbitMQ
from tests.platform import Platform

Kind = TypeVar("Kind", bound=Platform)

RUNS = Path(__file__).parent.parent / ".local" / "test"
"""A folder for each run of tests that is under way, by its process id."""


@dataclass(frozen=True)
class Servers:
    """`redis_databases` are URLs of databases that nobody has used yet."""

    directory: Path
    mongod: Mongod
    redis_databases: Iterator[str]
    rabbitmq: RabbitMQ

    async def platform(self, name: str, kind: type[Kind], **options: Any) -> Kind:
        """A platform with parts of the servers that are its own, not started yet; `options` are those of Platform."""
        return kind(
            self.directory / f"platform_{name}",
            mongo_url=self.mongod.url,
            redis_url=next(self.redis_databases),
            rabbitmq_url=await self.rabbitmq.add_virtual_host(name),
            **options,
        )

    @asynccontextmanager
    async def running(self, name: str, kind: type[Kind], **options: Any) -> AsyncIterator[Kind]:
        """The same, until the context is left."""
        platform = await self.platform(name, kind, **options)
        await platform.start()
        try:
            yield platform
        finally:
            await platform.stop()
