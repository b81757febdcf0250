"""How much waits in the queues, asked on a channel of its own: what goes wrong there stops nobody's work."""

from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Gauge

from mesh.amqp import AmqpError, Channel

WAITING = Gauge("unified_queue_messages", "Messages that wait in a queue, those handed out apart.", ["queue"])


class QueueDepths:
    """A session that counts. `declare` makes the queues: to ask for one that is missing would close the channel."""

    def __init__(self, queues: Sequence[str], declare: Callable[[Channel], Awaitable[None]]) -> None:
        self._queues, self._declare = queues, declare
        self._channel: Channel | None = None

    async def opened(self, channel: Channel) -> None:
        await self._declare(channel)
        self._channel = channel

    def lost(self) -> None:
        """Nobody knows any more; an old number would look like a new one."""
        self._channel = None
        WAITING.clear()

    async def count(self) -> None:
        """Count once, if there is a connection. Raises AmqpError."""
        channel = self._channel
        if channel is None:
            return
        try:
            counts = {queue: await channel.count(queue) for queue in self._queues}
        except AmqpError:
            # A question that was not answered keeps the next ones waiting.
            if channel.raw.is_open:
                channel.raw.close(reply_text="a queue does not answer")
            raise
        if channel is self._channel:
            for queue, count in counts.items():
                WAITING.labels(queue).set(count)
