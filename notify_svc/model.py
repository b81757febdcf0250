"""What a notification is, and what an event tells its recipients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A change of a task, as far as those concerned need to know it. `type` is the event's ("task.updated")."""

    event_id: str
    type: str
    task_id: str
    task_title: str
    actor_id: str
    owner_id: str
    changed_fields: Sequence[str] = ()

    def recipients(self) -> list[str]:
        """Everyone concerned, each once, the one who made the change included."""
        return [self.owner_id]


@dataclass(frozen=True, slots=True)
class Notification:
    """What one user is told of one event; exactly one exists for the two of them."""

    id: str
    recipient_id: str
    event_id: str
    type: str
    title: str
    body: str
    task_id: str
    actor_id: str
    create_time: datetime


TITLES = {
    "task.created": "Task created",
    "task.updated": "Task updated",
    "task.deleted": "Task deleted",
    "task.restored": "Task restored",
}


def title_of(change: TaskChange) -> str:
    """One line: what happened to which task."""
    return f"{TITLES[change.type]}: {change.task_title}"


def body_of(change: TaskChange) -> str:
    """What else there is to say."""
    names = ", ".join(field.replace("_", " ") for field in change.changed_fields)
    return f"Changed: {names}" if names else ""
