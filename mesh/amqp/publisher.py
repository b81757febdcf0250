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
        # pika buffers without limit, so what it holds is bounded here.
        self._slots = asyncio.Semaphore(outstanding)
        self._channel: Channel | None = None
        self._last_tag = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[None]]] = {}
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
        for _, future in self._waiting.values():
            _fail(future, "the channel was lost")
        self._waiting.clear()
        self._returned.clear()

    async def publish(self, exchange: str, routing_key: str, message: Message) -> None:
        """Publish, and return once the broker has confirmed. Raises NotConfirmedError, also when no queue wanted it."""
        if not self.is_open:
            raise NotConfirmedError("not connected")
        try:
            async with asyncio.timeout(self._confirm_timeout_s), self._slots:
                await self._send(exchange, routing_key, message)
        except TimeoutError:
            raise NotConfirmedError("not confirmed in time") from None

    def _send(self, exchange: str, routing_key: str, message: Message) -> "asyncio.Future[None]":
        if self._channel is None:
            raise NotConfirmedError("not connected")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._channel.raw.basic_publish(exchange, routing_key, message.body, message.properties(), mandatory=True)
        except AMQPError as error:
            raise NotConfirmedError(repr(error)) from error
        self._last_tag += 1
        self._waiting[self._last_tag] = (message.message_id, future)
        return future

    def _on_return(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        """No queue took the message. Its confirm follows and must not be taken for success."""
        self._returned.add(properties.message_id)

    def _on_confirm(self, frame: Any) -> None:
        """Settle one tag, or with `multiple` all up to it. Confirms may come in any order."""
        tag, positive = frame.method.delivery_tag, frame.method.NAME == "Basic.Ack"
        tags = [waiting for waiting in self._waiting if waiting <= tag] if frame.method.multiple else [tag]
        for each in tags:
            message_id, future = self._waiting.pop(each, ("", None))
            if future is None:
                continue
            if message_id in self._returned:
                self._returned.discard(message_id)
                _fail(future, "no queue is bound for it")
            elif positive:
                _succeed(future)
            else:
                _fail(future, "refused by the broker")


def _succeed(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _fail(future: "asyncio.Future[None]", why: str) -> None:
    if not future.done():
        future.set_exception(NotConfirmedError(why))
