"""The notification service with kill points around the ack. It also writes down what it was handed, and stumbles sometimes,
so that the retry ladder has work."""

import asyncio
import itertools
import json
import os
import runpy
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mesh.amqp import Delivery
from mesh.consumer import Consumer
from mesh.events import Event
from notify_svc import app
from notify_svc.consumer import TaskEventHandler
from notify_svc.use_cases import NotificationUseCases
from tests.audit.points import KillPoint, reach

DELIVERIES_VARIABLE = "AUDIT_DELIVERIES"
# At one event in this many, at each only once.
STUMBLES_AT = 25
# Long enough for the ack to leave: the event loop writes at the end of its turn.
ACK_LEAVES_S = 0.01


class MortalHandler(TaskEventHandler):
    def __init__(self, use_cases: NotificationUseCases) -> None:
        super().__init__(use_cases)
        self._deliveries = Path(os.environ[DELIVERIES_VARIABLE]).open("a", buffering=1)  # noqa: SIM115  (as long as the process)
        self._calls = itertools.count(1)
        self._stumbled: set[str] = set()

    async def __call__(self, event: Event) -> None:
        entry = {"event": event.id, "task": event.subject, "sequence": event.sequence, "time": event.time.timestamp()}
        self._deliveries.write(json.dumps(entry) + "\n")
        if next(self._calls) % STUMBLES_AT == 0 and event.id not in self._stumbled:
            self._stumbled.add(event.id)
            raise RuntimeError("stumbled, as the audit wants it")
        await super().__call__(event)
        reach(KillPoint.BEFORE_ACK)


class MortalConsumer(Consumer):
    async def _settle(self, delivery: Delivery) -> None:
        await super()._settle(delivery)
        asyncio.get_running_loop().call_later(ACK_LEAVES_S, reach, KillPoint.AFTER_ACK)


def run(**collaborators: Any) -> None:
    """Run the service with these in the place of the product's, besides the mortal ones."""
    with patch.multiple(app, **{"TaskEventHandler": MortalHandler, "Consumer": MortalConsumer, **collaborators}):
        runpy.run_module("notify_svc", run_name="__main__")


if __name__ == "__main__":
    run()
