"""Holds dead letters while an operator decides. Nothing leaves the queue but by a decision: what is held returns to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from mesh.amqp import Broker, Channel, Delivery, Publisher
from mesh.deadletters.letters import DeadLetter
from mesh.topology import DEAD_LETTERS, declare_dead_letters

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0


class DeadLetterQueue:
    """A session that takes what waits in the queue, at most `limit` letters, and holds it."""

    def __init__(self, publisher: Publisher, limit: int) -> None:
        self._publisher, self._limit = publisher, limit
        self._deliveries: asyncio.Queue[Delivery] = asyncio.Queue()
        self._count: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def opened(self, channel: Channel) -> None:
        """Begin to take letters."""
        await declare_dead_letters(channel)
        count = await channel.count(DEAD_LETTERS)
        await channel.consume(DEAD_LETTERS, self._limit, self._deliveries.put_nowait)
        if not self._count.done():
            self._count.set_result(count)

    def lost(self) -> None:
        """The broker has the letters again."""

    async def letters(self) -> list[DeadLetter]:
        """Everything that waits now, the oldest first."""
        async with asyncio.timeout(READ_TIMEOUT_S):
            count = min(await self._count, self._limit)
            return [DeadLetter(await self._deliveries.get()) for _ in range(count)]

    async def redrive(self, letter: DeadLetter) -> None:
        """Send the letter to its queue again, with its id and without its story. When we die before it is removed here, it is
        sent twice, which its id makes harmless."""
        message = replace(letter.delivery.message, headers=letter.cleared_headers())
        await self._publisher.publish("", letter.queue, message)
        letter.delivery.ack()

    def drop(self, letter: DeadLetter) -> None:
        """Forget the letter."""
        letter.delivery.ack()


@contextlib.asynccontextmanager
async def opened(url: str, *, limit: int) -> AsyncIterator[DeadLetterQueue]:
    """The queue at this broker. Raises TimeoutError when it can't be reached."""
    publisher = Publisher(declare_dead_letters)
    queue = DeadLetterQueue(publisher, limit)
    async with Broker(url, [publisher, queue], name="dead letters") as broker:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await broker.up()
        yield queue
