"""A consumer that drops what its handler could not handle, in the place of a later attempt."""

from mesh.amqp import Delivery
from tests.audit.processes.notify_svc import MortalConsumer, run


class CarelessConsumer(MortalConsumer):
    async def _retry(self, delivery: Delivery, attempts: int, error: Exception) -> None:
        """Nothing: the caller acknowledges it."""


if __name__ == "__main__":
    run(Consumer=CarelessConsumer)
