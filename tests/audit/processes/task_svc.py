"""The task service with kill points around the write and the publish."""

import runpy
from typing import Any
from unittest.mock import patch

from bson import ObjectId

from mesh.amqp import Message, Publisher
from mesh.events import Event
from mesh.outbox import Outbox
from mesh.transactions import after_commit
from task_svc import app
from task_svc.model import Task, TaskEvent
from task_svc.reminders import Reminders
from task_svc.repository import MongoTaskRepository
from tests.audit.points import KillPoint, reach


class MortalRepository(MongoTaskRepository):
    async def add(self, task: Task, event: TaskEvent) -> None:
        reach(KillPoint.BEFORE_WRITE)
        await super().add(task, event)

    async def _replace_version(self, task: Task, event: TaskEvent, tombstone: dict[str, Any]) -> bool:
        reach(KillPoint.BEFORE_WRITE)
        return await super()._replace_version(task, event, tombstone)


class MortalReminders(Reminders):
    async def _fire(self, task: Task) -> None:
        reach(KillPoint.BEFORE_FIRE)
        await super()._fire(task)


class MortalOutbox(Outbox):
    def publish_soon(self, document_id: ObjectId, event: Event) -> None:
        after_commit(lambda: reach(KillPoint.AFTER_WRITE))
        super().publish_soon(document_id, event)

    async def _pull_batch(self, entries: list[tuple[ObjectId, str]]) -> list[None]:
        reach(KillPoint.BEFORE_PULL)
        return await super()._pull_batch(entries)


class MortalPublisher(Publisher):
    def _send(self, exchange: str, routing_key: str, message: Message) -> Any:
        reach(KillPoint.BEFORE_PUBLISH)
        return super()._send(exchange, routing_key, message)

    def _on_confirm(self, frame: Any) -> None:
        # The broker has the message, and the process never gets to know it.
        reach(KillPoint.BEFORE_CONFIRM)
        super()._on_confirm(frame)


def run(**collaborators: Any) -> None:
    """Run the service with these in the place of the product's, besides the mortal ones."""
    mortal = {"MongoTaskRepository": MortalRepository, "Outbox": MortalOutbox, "Publisher": MortalPublisher}
    mortal["Reminders"] = MortalReminders
    with patch.multiple(app, **{**mortal, **collaborators}):
        runpy.run_module("task_svc", run_name="__main__")


if __name__ == "__main__":
    run()
