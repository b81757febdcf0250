"""Reminders that fire whether or not somebody else has fired them meanwhile."""

from unittest.mock import patch

from bson import ObjectId

from mesh.mongo import Document
from task_svc.model import Task
from tests.audit.processes.task_svc import MortalReminders, run


class HastyReminders(MortalReminders):
    async def _fire(self, task: Task) -> None:
        """As when two processes are at it."""
        await super()._fire(task)
        await super()._fire(task)


def always(task: Task) -> Document:
    return {"_id": ObjectId(task.id)}


if __name__ == "__main__":
    with patch("task_svc.reminders._unchanged", always):
        run(Reminders=HastyReminders)
