"""A connection to RabbitMQ that comes back by itself, with the channels of those who work on it."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from typing import Any, Protocol

import pika
from pika.adapters.asyncio_connection import AsyncioConnection

from mesh.amqp.channel import AmqpError, Channel

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
HEARTBEAT_S = 20
# A broker that is out of memory or disk stops reading from us; after this long we take it for gone.
BLOCKED_TIMEOUT_S = 30


class Session(Protocol):
    """Somebody who works on a channel of their own."""

    async def opened(self, channel: Channel) -> None:
        """Declare what is needed and start. Called for each new channel, after each loss of the one before."""

    def lost(self) -> None:
        """The channel is gone."""


class Broker:
    """Keeps one connection open, and on it one channel for each session; an async context manager."""

    def __init__(self, url: str, sessions: Sequence[Session], *, name: str) -> None:
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = HEARTBEAT_S
        self._parameters.blocked_connection_timeout = BLOCKED_TIMEOUT_S
        self._parameters.socket_timeout = CONNECT_TIMEOUT_S
        self._parameters.client_properties = {"connection_name": name}
        self._sessions = sessions
        self._working: set[Session] = set()
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lost: asyncio.Future[str] | None = None

    @property
    def is_up(self) -> bool:
        """Whether the connection is open and all sessions work."""
        return self._up.is_set()

    async def up(self) -> None:
        """Wait until `is_up`."""
        await self._up.wait()

    async def probe(self) -> None:
        """Raise unless `is_up`: a health probe that asks nobody."""
        if not self.is_up:
            raise AmqpError("not connected")

    async def __aenter__(self) -> "Broker":
        self._task = asyncio.create_task(self._stay_connected(), name="amqp")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _stay_connected(self) -> None:
        pause_s, complained = FIRST_PAUSE_S, False
        while True:
            try:
                connection = await self._connect()
            except (AmqpError, TimeoutError) as error:
                if not complained:
                    log.warning("rabbitmq is away", extra={"error": repr(error)})
                complained = True
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, not a secret)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                continue
            pause_s, complained = FIRST_PAUSE_S, False
            log.info("connected to rabbitmq")
            await self._work(connection)

    async def _connect(self) -> AsyncioConnection:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        workflow = AsyncioConnection.create_connection(
            [self._parameters], lambda result: None if done.done() else done.set_result(result), custom_ioloop=loop
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                result = await done
        except BaseException:
            with contextlib.suppress(Exception):  # the workflow may have just ended by itself
                workflow.abort()
            raise
        if not isinstance(result, AsyncioConnection):
            raise AmqpError(repr(result))
        return result

    async def _work(self, connection: AsyncioConnection) -> None:
        """Run all sessions until the connection is lost, or we are told to stop."""
        lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        connection.add_on_close_callback(lambda _, why: None if lost.done() else lost.set_result(str(why)))
        tasks = [asyncio.create_task(self._keep_open(connection, session)) for session in self._sessions]
        try:
            why = await lost
            log.warning("connection to rabbitmq lost", extra={"error": why})
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close(connection, lost)

    async def _close(self, connection: AsyncioConnection, lost: "asyncio.Future[str]") -> None:
        if connection.is_open:
            connection.close()
        if not lost.done():
            await asyncio.wait({lost}, timeout=CLOSE_TIMEOUT_S)

    async def _keep_open(self, connection: AsyncioConnection, session: Session) -> None:
        """Open a channel for the session, and another whenever it is closed while the connection lives."""
        pause_s = FIRST_PAUSE_S
        while connection.is_open:
            why = "cancelled"
            try:
                channel = await self._open_channel(connection)
                await session.opened(channel)
                self._note(session, works=True)
                pause_s = FIRST_PAUSE_S
                why = await asyncio.shield(channel.closed)
            except (AmqpError, TimeoutError) as error:
                why = repr(error)
            except Exception as error:
                log.exception("session failed unexpectedly")
                why = repr(error)
            finally:
                self._note(session, works=False)
                session.lost()
            log.warning("channel closed", extra={"error": why})
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _note(self, session: Session, *, works: bool) -> None:
        (self._working.add if works else self._working.discard)(session)
        if len(self._working) == len(self._sessions):
            self._up.set()
        else:
            self._up.clear()

    async def _open_channel(self, connection: AsyncioConnection) -> Channel:
        opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not connection.is_open:
            raise AmqpError("the connection is closing")
        connection.channel(on_open_callback=lambda raw: None if opened.done() else opened.set_result(raw))
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return Channel(await opened)
