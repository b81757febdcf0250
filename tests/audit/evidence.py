"""Everything the audit knows when all has come to rest: what clients attempted, and what is found in every place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.audit.operations import Operation


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task in the service's database, the deleted ones included."""

    id: str
    owner_id: str
    title: str
    description: str
    version: int
    deleted: bool
    assignee_id: str = ""
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class StoredComment:
    """A comment in the service's database."""

    task_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownTask:
    """A task as one of its members sees it over REST."""

    id: str
    title: str
    description: str
    etag: str
    viewer_id: str


@dataclass(frozen=True, slots=True)
class ShownNotification:
    """A notification as its recipient sees it over REST. `task_title` is what its text calls the task."""

    recipient_id: str
    event_id: str
    type: str
    task_title: str
    task_id: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event as it was handed to the notification service, once or more often. `time` is when it happened, in Unix seconds."""

    event: str
    task: str
    sequence: int
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    operations: Sequence[Operation]
    stored: Sequence[StoredTask]
    shown: Sequence[ShownTask]
    notifications: Sequence[ShownNotification]
    notifications_stored: int
    deliveries: Sequence[Delivery]
    poison: Sequence[str]
    dead_letters: Sequence[str]
    comments: Sequence[StoredComment] = ()
    # What should be empty and is not: outboxes and queues, by name.
    leftovers: Mapping[str, int] = field(default_factory=dict)
    # Answers to readers that were older than what had been acknowledged.
    stale: Sequence[str] = ()
    # Deaths that nobody caused, by process.
    unexplained: Counter[str] = field(default_factory=Counter)
