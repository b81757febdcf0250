"""The exchanges and queues that events travel through, the same on RabbitMQ 3.10 and 4.

An event goes to `unified.events` (topic) and from there to the queues bound to its type. What a consumer cannot handle yet it
publishes to a rung of the retry ladder: a delay queue whose messages expire back into the queue named by their routing key.
What it cannot handle at all goes to the dead-letter queue, and so does, by the broker, a message that crashed its consumers
too often. Every queue is a quorum queue, and every one that dead-letters does so at least once.
"""

from collections.abc import Sequence
from typing import Any

from mesh.amqp import Channel

EVENTS = "unified.events"
DEAD = "unified.dead"
DEAD_LETTERS = "unified.dead_letters"
# How often the broker hands out a message whose consumers die before it gives it up.
DELIVERY_LIMIT = 20


def retry_name(delay_s: float) -> str:
    """The exchange and the queue of a rung; the delay is in the name because a queue's arguments can't change."""
    return f"unified.retry.{int(delay_s * 1000)}ms"


async def declare_events(channel: Channel) -> None:
    """What a publisher of events needs."""
    await channel.declare_exchange(EVENTS, "topic")


async def declare_queue(channel: Channel, queue: str, event_type: str) -> None:
    """A queue for events of one type, and where its hopeless messages go."""
    await declare_dead_letters(channel)
    await channel.declare_queue(queue, {**_dead_lettering_to(DEAD, queue), "x-delivery-limit": DELIVERY_LIMIT})
    await channel.bind_queue(queue, EVENTS, event_type)


async def declare_dead_letters(channel: Channel) -> None:
    """The queue where hopeless messages wait for an operator. Looking at it is a delivery each time, and RabbitMQ 4 drops a
    message after 20 of them unless a limit is set."""
    await channel.declare_exchange(DEAD, "fanout")
    await channel.declare_queue(DEAD_LETTERS, {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000})
    await channel.bind_queue(DEAD_LETTERS, DEAD, "")


async def declare_ladder(channel: Channel, delays_s: Sequence[float]) -> None:
    """The delay queues, shared by all consumers."""
    for delay_s in delays_s:
        name = retry_name(delay_s)
        await channel.declare_exchange(name, "fanout")
        # The default exchange routes by queue name, and an expired message keeps its routing key.
        await channel.declare_queue(name, {**_dead_lettering_to(""), "x-message-ttl": int(delay_s * 1000)})
        await channel.bind_queue(name, name, "")


def _dead_lettering_to(exchange: str, routing_key: str | None = None) -> dict[str, Any]:
    arguments = {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    return arguments if routing_key is None else {**arguments, "x-dead-letter-routing-key": routing_key}
