"""Publishes and waits for the broker's word: a publish that returns is on the disks of a majority, in every queue it reached."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pika.exceptions import AMQPError

from mesh.amqp.channel import Channel, Message


class NotConfirmedError(Exception):
    """The broker did not take the message, or did and could not say so: publish it again with the same id."""


class Publisher:
    """A session that publishes with confirms, many at a time. `declare` makes what is published to."""

    def __init__(
        self, declare: Callable[[Channel], Awaitable[None]], *, confirm_timeout_s: float = 5.0, outstanding: int = 1000
    ) -> None:
        self._declare, self._confirm_timeout_s = declare, confirm_timeout_s
        # pika buffers without limit, so what it holds is bounded here: a slot is free again when the broker has answered, or
        # when the channel is lost, not when somebody gave up waiting.
        self._slots = asyncio.Semaphore(outstanding)
        self._channel: Channel | None = None
        self._last_tag = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._returned: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether a publish has a chance."""
        return self._channel is not None and self._channel.raw.is_open

    async def opened(self, channel: Channel) -> None:
        """Take up work on a new channel, whose delivery tags begin at 1."""
        await self._declare(channel)
        self._last_tag = 0
        channel.raw.add_on_return_callback(self._on_return)
        await channel.confirm_publishes(self._on_confirm)
        self._channel = channel

    def lost(self) -> None:
        """Nobody will say what became of what was under way."""
        self._channel = None
        for tag in list(self._waiting):
            _fail(self._settled(tag), "the channel was lost")
        self._returned.clear()

    async def publish(self, exchange: str, routing_key: str, message: Message) -> None:
        """Publish, and return once the broker has confirmed. Raises NotConfirmedError, also when no queue wanted it."""
        if not self.is_open:
            raise NotConfirmedError("not connected")
        try:
            async with asyncio.timeout(self._confirm_timeout_s):
                await self._slots.acquire()
                await self._send(exchange, routing_key, message)
        except TimeoutError:
            self._give_up_on_silence()
            raise NotConfirmedError("not confirmed in time") from None

    def _send(self, exchange: str, routing_key: str, message: Message) -> "asyncio.Future[None]":
        """Hand the message to pika; what comes back is settled by the broker's word. Takes over the slot."""
        properties = message.properties()
        # By this a returned message is known again: the same id may be under way twice.
        properties.correlation_id = str(self._last_tag + 1)
        try:
            if self._channel is None:
                raise NotConfirmedError("not connected")
            self._channel.raw.basic_publish(exchange, routing_key, message.body, properties, mandatory=True)
        except AMQPError as error:
            self._slots.release()
            raise NotConfirmedError(repr(error)) from error
        except NotConfirmedError:
            self._slots.release()
            raise
        self._last_tag += 1
        self._waiting[self._last_tag] = asyncio.get_running_loop().create_future()
        return self._waiting[self._last_tag]

    def _give_up_on_silence(self) -> None:
        """With every slot held by a publish that nobody waits for any more, only a new channel helps."""
        if self._channel and self._slots.locked() and all(future.done() for future in self._waiting.values()):
            self._channel.raw.close(reply_text="publishes are not confirmed")

    def _on_return(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        """No queue took the message. Its confirm follows and must not be taken for success."""
        self._returned.add(properties.correlation_id)

    def _on_confirm(self, frame: Any) -> None:
        """Settle one tag, or with `multiple` all up to it. Confirms may come in any order."""
        tag, positive = frame.method.delivery_tag, frame.method.NAME == "Basic.Ack"
        tags = [waiting for waiting in self._waiting if waiting <= tag] if frame.method.multiple else [tag]
        for each in tags:
            if each not in self._waiting:
                continue
            future = self._settled(each)
            if str(each) in self._returned:
                self._returned.discard(str(each))
                _fail(future, "no queue is bound for it")
            elif positive:
                _succeed(future)
            else:
                _fail(future, "refused by the broker")

    def _settled(self, tag: int) -> "asyncio.Future[None]":
        """The publish with this tag is over, and its slot free."""
        self._slots.release()
        return self._waiting.pop(tag)


def _succeed(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: "asyncio.Future[None]", why: str) -> None:
    if not future.done():
        future.set_exception(NotConfirmedError(why))
