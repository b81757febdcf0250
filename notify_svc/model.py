"""What a notification is, who gets it, and what a recipient does with it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

CREATED, UPDATED, DELETED = "task.created", "task.updated", "task.deleted"
RESTORED, COMMENTED = "task.restored", "task.commented"
DUE_SOON, OVERDUE = "task.due_soon", "task.overdue"
TYPES = (CREATED, UPDATED, DELETED, RESTORED, COMMENTED, DUE_SOON, OVERDUE)


# Ids of notifications are 24 hexadecimal digits. The first of them are the second in which the id was made.
_ID_TIME_DIGITS, _ID_OTHER_DIGITS = 8, 16


def id_time(notification_id: str) -> datetime:
    """When the id was made, to the second."""
    return datetime.fromtimestamp(int(notification_id[:_ID_TIME_DIGITS], 16), UTC)


def first_id(moment: datetime) -> str:
    """No id that was made in this second, or later, comes before this one."""
    return f"{max(0, int(moment.timestamp())):0{_ID_TIME_DIGITS}x}{'0' * _ID_OTHER_DIGITS}"


class State(StrEnum):
    """Where a notification is. The last three are in no list: what was deleted, and what its recipient did not want."""

    UNREAD = "unread"
    READ = "read"
    ARCHIVED = "archived"
    DELETED = "deleted"
    TYPE_OFF = "type_off"
    OWN_ACTION = "own_action"


class InboxMark(StrEnum):
    """What a user does with the whole inbox."""

    SEEN = "seen"
    READ = "read"


INBOX = (State.UNREAD, State.READ)
SHOWN = (*INBOX, State.ARCHIVED)


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A change of a task or a comment on it, as far as those concerned need to know. `type` is the event's ("task.updated");
    `excerpt` is how the comment begins."""

    event_id: str
    type: str
    time: datetime
    task_id: str
    task_title: str
    task_status: str
    actor_id: str
    actor_name: str
    owner_id: str
    changed_fields: Sequence[str] = ()
    assignee_id: str = ""
    assignee_name: str = ""
    previous_assignee_id: str = ""
    due_time: datetime | None = None
    excerpt: str = ""

    def recipients(self) -> list[str]:
        """Everyone concerned, each once, the one who made the change included."""
        return list(dict.fromkeys(filter(None, (self.owner_id, self.assignee_id, self.previous_assignee_id))))


@dataclass(frozen=True, slots=True)
class Notification:
    """What one user is told of one event; exactly one exists for the two of them. `kept_out` says why it is in no list."""

    id: str
    recipient_id: str
    event_id: str
    type: str
    title: str
    body: str
    task_id: str
    actor_id: str
    create_time: datetime
    seen_time: datetime | None = None
    read_time: datetime | None = None
    archive_time: datetime | None = None
    kept_out: State | None = None

    @property
    def state(self) -> State:
        if self.kept_out is not None:
            return self.kept_out
        if self.archive_time is not None:
            return State.ARCHIVED
        return State.UNREAD if self.read_time is None else State.READ

    @property
    def is_unseen(self) -> bool:
        """Whether it counts as new: in the inbox, and not shown yet."""
        return self.seen_time is None and self.state in INBOX

    def seen(self, at: datetime) -> "Notification":
        return replace(self, seen_time=self.seen_time or at)

    def read(self, at: datetime) -> "Notification":
        return replace(self.seen(at), read_time=self.read_time or at)

    def unread(self, _: datetime) -> "Notification":
        return replace(self, read_time=None)

    def archived(self, at: datetime) -> "Notification":
        return replace(self, archive_time=self.archive_time or at)

    def unarchived(self, _: datetime) -> "Notification":
        return replace(self, archive_time=None)

    def deleted(self, _: datetime) -> "Notification":
        """What is left of it: enough to keep its event from bringing it back."""
        return replace(self, title="", body="", kept_out=State.DELETED)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a user wants to hear of: everything, unless said otherwise."""

    off: frozenset[str] = field(default=frozenset())
    own_actions: bool = True

    @property
    def etag(self) -> str:
        """Of what is shown: the same again is the same version."""
        return hashlib.sha256(" ".join([str(self.own_actions), *sorted(self.off), *TYPES]).encode()).hexdigest()[:16]

    def keep_out(self, change: TaskChange, recipient_id: str) -> State | None:
        """Why the recipient does not want to hear of the change; nothing when it goes to the inbox."""
        if change.type in self.off:
            return State.TYPE_OFF
        return State.OWN_ACTION if change.actor_id == recipient_id and not self.own_actions else None
