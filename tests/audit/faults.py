"""What goes wrong in a run: armed kill points, random kills and poison, in rounds whose order the seed decides."""

import asyncio
import itertools
import logging
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from mesh import topology
from mesh.amqp import Broker, Message, NotConfirmedError, Publisher
from mesh.events import CONTENT_TYPE, Event
from notify_svc.consumer import QUEUES
from tests.audit.plan import Plan
from tests.audit.points import KillPoint, KillPoints
from tests.audit.supervision import Supervision

log = logging.getLogger(__name__)

INTERVAL_S = 0.05
PAUSE_S = 0.2


class Saboteur:
    """Does one thing after the other to what runs, until it is cancelled."""

    def __init__(
        self, plan: Plan, points: KillPoints, supervision: Supervision, poisoner: "Poisoner", writes: Callable[[], int]
    ) -> None:
        """`writes` counts the acknowledged ones."""
        self._plan, self._points, self._supervision, self._poisoner = plan, points, supervision, poisoner
        self._writes, self._random = writes, random.Random(plan.seed)

    async def run(self) -> None:
        for fault in self._faults():
            await self._pause()
            if isinstance(fault, KillPoint):
                log.info("armed %s", fault)
                self._points.arm(fault)
            elif fault is self._poisoner:
                self._poisoner.inject()
            else:
                await self._supervision.kill(str(fault))

    async def _pause(self) -> None:
        """Until some more writes are done."""
        end = self._writes() + self._random.uniform(0, 2) * self._plan.writes_between_faults
        while self._writes() < end:
            await asyncio.sleep(INTERVAL_S)

    def _faults(self) -> Iterator[object]:
        """Rounds without end; in each, everything comes once and poison several times."""
        poisons = itertools.repeat(self._poisoner, self._plan.poisons)
        faults: list[object] = [*self._plan.points, *self._plan.victims, *poisons]
        while True:
            yield from self._random.sample(faults, len(faults))


class Poisoner:
    """Puts messages that are no events, or not of their type, among the events."""

    def __init__(self, rabbitmq_url: str) -> None:
        self._publisher = Publisher(topology.declare_events)
        self.broker = Broker(rabbitmq_url, [self._publisher], name="poisoner")
        self.injected: list[str] = []
        self._under_way: set[asyncio.Task[None]] = set()

    def inject(self) -> None:
        """Publish the next one in the background."""
        number = len(self.injected)
        message = _POISONS[number % len(_POISONS)](f"poison-{number}")
        self.injected.append(message.message_id)
        self._under_way.add(asyncio.create_task(self._publish([*QUEUES.values()][number % len(QUEUES)], message)))

    async def finish(self) -> None:
        """Return once the broker has them all."""
        await asyncio.gather(*self._under_way)

    async def _publish(self, event_type: str, message: Message) -> None:
        while True:
            try:
                return await self._publisher.publish(topology.EVENTS, event_type, message)
            except NotConfirmedError:
                await asyncio.sleep(PAUSE_S)


def _junk(message_id: str) -> Message:
    return Message(b"\x00junk", message_id, "junk", "text/plain")


def _of_another_schema(message_id: str) -> Message:
    return _like_an_event(message_id, schema="unified.user.v1.User", data=b"")


def _with_a_broken_payload(message_id: str) -> Message:
    return _like_an_event(message_id, schema="unified.task.v1.TaskEvent", data=b"\xff\xff\xff")


def _like_an_event(message_id: str, *, schema: str, data: bytes) -> Message:
    event = Event(message_id, "task.created", "audit", "0" * 24, datetime.now(UTC), 1, schema, data)
    return Message(data, message_id, event.type, CONTENT_TYPE, event.to_headers())


_POISONS = (_junk, _of_another_schema, _with_a_broken_payload)
