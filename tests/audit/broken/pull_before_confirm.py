"""An outbox that pulls an event before the broker has confirmed it."""

from bson import ObjectId

from mesh.events import Event
from mesh.outbox import publish
from tests.audit.processes.task_svc import MortalOutbox, run


class HastyOutbox(MortalOutbox):
    async def _publish_and_pull(self, document_id: ObjectId, event: Event) -> bool:
        await self._pull((document_id, event.id))
        await publish(self._publisher, event)
        return True


if __name__ == "__main__":
    run(Outbox=HastyOutbox)
