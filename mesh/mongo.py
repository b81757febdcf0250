"""MongoDB clients: short timeouts, majority writes on disk before they count, and what the driver's errors mean."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pymongo
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.errors import InvalidId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from mesh.errors import ServiceError, deadline_exceeded, unavailable
from mesh.mongo_locks import mend_locks
from mesh.tracing import OFF, Tracer

log = logging.getLogger(__name__)

Document = dict[str, Any]

SELECTION_TIMEOUT_MS = 2_000
OPERATION_TIMEOUT_MS = 10_000
PING_TIMEOUT_S = 1.0
CLOSE_TIMEOUT_S = 1.0
START_UP_TIMEOUT_S = 300.0
# `make up` reads it in the log.
WAITING = "waiting for mongodb"
# A write counts when a majority has it in its journal; reads see only what counts.
WRITE_CONCERN = WriteConcern(w="majority", j=True)
READ_CONCERN = ReadConcern("majority")


def open_mongo(uri: str, service: str, tracer: Tracer = OFF) -> AsyncMongoClient[Document]:
    """A client that gives up within seconds when the server is away, and connects on first use."""
    mend_locks()
    return _Client(
        uri,
        appname=service,
        connectTimeoutMS=SELECTION_TIMEOUT_MS,
        # Of every operation that has no deadline of its own.
        timeoutMS=OPERATION_TIMEOUT_MS,
        serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
        waitQueueTimeoutMS=SELECTION_TIMEOUT_MS,
        maxPoolSize=50,
        event_listeners=tracer.command_listeners,
    )


class _Client(AsyncMongoClient[Document]):
    async def close(self) -> None:
        """Its sessions on the server, where that does not answer soon, end by themselves."""
        with pymongo.timeout(CLOSE_TIMEOUT_S):
            await super().close()


def database(client: AsyncMongoClient[Document], name: str) -> AsyncDatabase[Document]:
    """The service's database, with these concerns; times come back aware, in UTC."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        write_concern=WRITE_CONCERN,
        read_concern=READ_CONCERN,
    )


async def ping(client: AsyncMongoClient[Document]) -> None:
    """Raise unless the primary answers now."""
    with pymongo.timeout(PING_TIMEOUT_S):
        await client.admin.command("ping")


async def when_available(client: AsyncMongoClient[Document], job: Callable[[], Awaitable[None]]) -> None:
    """Do the job of a start-up once the database answers: a process may start before its database does. The job may take long,
    as to build an index over what is there."""
    while True:
        try:
            with pymongo.timeout(START_UP_TIMEOUT_S):
                await ping(client)
                return await job()
        except PyMongoError as error:
            if as_service_error(error) is None:
                raise
            log.warning(WAITING, extra={"error": str(error)[:200]})
        await asyncio.sleep(1)


def object_id(text: str) -> ObjectId | None:
    """The id that the text spells, or nothing: a malformed id names no resource."""
    try:
        return ObjectId(text) if len(text) == 24 else None
    except InvalidId:
        return None


def as_service_error(error: PyMongoError) -> ServiceError | None:
    """What the driver's error means to a client; nothing when it is a bug."""
    if error.timeout and not isinstance(error, pymongo.errors.ServerSelectionTimeoutError):
        return deadline_exceeded()
    if isinstance(error, ConnectionFailure):
        return unavailable("the database")
    return None
