"""One AMQP channel. pika answers by callback, and an exception that escapes a callback ends the whole connection: so callbacks
here only settle futures and start tasks."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pika
import pika.channel
from pika.exceptions import AMQPError

REPLY_TIMEOUT_S = 10.0


class AmqpError(Exception):
    """The broker refused, or the channel was closed before it answered."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published; always persistent."""

    body: bytes
    message_id: str
    type: str
    content_type: str
    headers: Mapping[str, Any] = field(default_factory=dict)

    def properties(self) -> pika.BasicProperties:
        """The AMQP properties."""
        return pika.BasicProperties(  # type: ignore[no-untyped-call]
            content_type=self.content_type,
            delivery_mode=pika.DeliveryMode.Persistent,
            headers=dict(self.headers),
            message_id=self.message_id,
            type=self.type,
        )


class Delivery:
    """A message handed out, to be settled on the channel that delivered it: on any other its tag means something else."""

    def __init__(self, channel: pika.channel.Channel, queue: str, tag: int, message: Message) -> None:
        self._channel, self._tag = channel, tag
        self.queue, self.message = queue, message

    def ack(self) -> None:
        """The message is done with. On a channel that is gone this does nothing: the broker delivers it again."""
        if self._channel.is_open:
            self._channel.basic_ack(self._tag)

    def requeue(self) -> None:
        """Give the message back; on every version of the broker this counts towards the delivery limit (nack does not)."""
        if self._channel.is_open:
            self._channel.basic_reject(self._tag, requeue=True)


class Channel:
    """An open channel. `closed` is done once it no longer is."""

    def __init__(self, raw: pika.channel.Channel) -> None:
        self.raw = raw
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        raw.add_on_close_callback(self._on_close)
        raw.add_on_cancel_callback(self._on_cancel)

    async def declare_exchange(self, name: str, kind: str) -> None:
        """Make a durable exchange unless it exists."""
        await self._answer(lambda done: self.raw.exchange_declare(name, kind, durable=True, callback=done))

    async def declare_queue(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Make a durable queue unless it exists."""
        await self._answer(lambda done: self.raw.queue_declare(name, durable=True, arguments=dict(arguments), callback=done))

    async def count(self, queue: str) -> int:
        """How many messages wait in the queue, those handed out apart."""
        ok = await self._answer(lambda done: self.raw.queue_declare(queue, passive=True, callback=done))
        return int(ok.method.message_count)

    async def bind_queue(self, queue: str, exchange: str, routing_key: str) -> None:
        """Route the exchange's messages with this key to the queue."""
        await self._answer(lambda done: self.raw.queue_bind(queue, exchange, routing_key, callback=done))

    async def confirm_publishes(self, on_confirm: Callable[[Any], None]) -> None:
        """Have the broker confirm each publish. To be called once per channel."""
        await self._answer(lambda done: self.raw.confirm_delivery(on_confirm, callback=done))

    async def consume(self, queue: str, prefetch: int, on_delivery: Callable[[Delivery], None]) -> str:
        """Have messages delivered, at most `prefetch` unsettled ones; answers the consumer's tag."""

        def deliver(channel: Any, method: Any, properties: Any, body: bytes) -> None:
            message = Message(
                body=body,
                message_id=properties.message_id or "",
                type=properties.type or "",
                content_type=properties.content_type or "",
                headers=properties.headers or {},
            )
            on_delivery(Delivery(channel, queue, method.delivery_tag, message))

        await self._answer(lambda done: self.raw.basic_qos(prefetch_count=prefetch, callback=done))
        ok = await self._answer(lambda done: self.raw.basic_consume(queue, deliver, callback=done))
        return str(ok.method.consumer_tag)

    async def cancel(self, consumer_tag: str) -> None:
        """Have no more messages delivered."""
        await self._answer(lambda done: self.raw.basic_cancel(consumer_tag, callback=done))

    def _on_close(self, _: pika.channel.Channel, reason: Exception) -> None:
        if not self.closed.done():
            self.closed.set_result(repr(reason))

    def _on_cancel(self, _: object) -> None:
        """The broker cancelled a consumer (queue deleted, leader lost), which would fall silent: begin anew."""
        if self.raw.is_open:
            self.raw.close(reply_text="consumer cancelled")

    async def _answer(self, call: Callable[[Callable[[Any], None]], Any]) -> Any:
        """Make a call and wait for its reply; a channel error closes the channel in its place."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            call(lambda frame: None if reply.done() else reply.set_result(frame))
        except AMQPError as error:
            raise AmqpError(repr(error)) from error
        await asyncio.wait({reply, self.closed}, timeout=REPLY_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if not reply.done():
            raise AmqpError(self.closed.result() if self.closed.done() else "the broker does not answer")
        return reply.result()
