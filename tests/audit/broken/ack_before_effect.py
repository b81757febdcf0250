"""A consumer that acknowledges an event before it is handled."""

from typing import Any

from mesh.amqp import Delivery
from tests.audit.processes.notify_svc import MortalConsumer, run


class HastyConsumer(MortalConsumer):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        # One event at a time, so that the next is acknowledged while this one is handled, never handled together with it.
        super().__init__(*arguments, **{**named, "prefetch": 1})

    async def _process(self, delivery: Delivery) -> None:
        delivery.ack()
        await super()._process(delivery)

    async def _settle(self, delivery: Delivery) -> None:
        await self._process(delivery)


if __name__ == "__main__":
    run(Consumer=HastyConsumer)
