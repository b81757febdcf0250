"""Turns task events into notifications. May run more than once for one event."""

from mesh.events import Event
from notify_svc.mapping import change_of
from notify_svc.use_cases import NotificationUseCases

QUEUES = {
    "task_created": "task.created",
    "task_updated": "task.updated",
    "task_deleted": "task.deleted",
    "task_restored": "task.restored",
    "task_commented": "task.commented",
    "task_due_soon": "task.due_soon",
    "task_overdue": "task.overdue",
}
"""Queue and the type of event that it is bound to."""


class TaskEventHandler:
    def __init__(self, use_cases: NotificationUseCases) -> None:
        self._use_cases = use_cases

    async def __call__(self, event: Event) -> None:
        await self._use_cases.tell(change_of(event))
