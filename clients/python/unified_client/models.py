"""What the platform answers.

Written from the contract by `make proto`; changes by hand do not last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

ErrorCode = Literal[
    "invalid_argument",
    "unauthenticated",
    "invalid_credentials",
    "permission_denied",
    "route_not_found",
    "method_not_allowed",
    "unsupported_media_type",
    "body_too_large",
    "rate_limited",
    "email_taken",
    "user_not_found",
    "task_not_found",
    "etag_mismatch",
    "unavailable",
    "overloaded",
    "deadline_exceeded",
    "internal",
    "illegal_transition",
    "idempotency_key_reused",
    "idempotency_in_progress",
    "notification_not_found",
    "comment_not_found",
    "too_many_streams",
    "import_refused",
    "cancelled",
]
"""Why a request was refused: the `code` of an ApiError."""

NotificationState = Literal["unread", "read", "archived"]
"""What of a user's notifications is asked for."""

Outcome = Literal["notified", "type_off", "own_action", "deleted", "not_concerned"]
"""Why the caller was or was not notified."""

Priority = Literal["low", "medium", "high", "urgent"]
"""How much a task matters."""

Status = Literal["todo", "in_progress", "blocked", "done", "cancelled"]
"""How far a task has come. A task starts as todo; which status may follow which is the service's rule."""

TransferFormat = Literal["jsonl", "csv"]
"""How a file holds tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTasksResponse:
    """What all the operations did."""

    results: tuple[TaskOperationResult, ...] = ()
    """One result for each operation, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedTask:
    """What became of a task."""

    id: str = ""
    """Stands for this version of this task: the time of the change in milliseconds, the task's id, and the version."""
    type: str = ""
    """"task.created", "task.updated" (also when it was restored, or given to the caller), or "task.deleted" (also when it was
    taken off the caller).
    """
    task_id: str = ""
    """The task's id."""
    task: Task | None = None
    """The task as it is now; not set when it is no longer there for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody said about a task."""

    id: str = ""
    """The comment's id: an ObjectId as 24 hexadecimal digits."""
    task_id: str = ""
    """The task it is about."""
    author_id: str = ""
    """Who wrote it."""
    body: str = ""
    """What was said: plain text."""
    create_time: datetime | None = None
    """When it was written."""
    update_time: datetime | None = None
    """When its author last changed it; the time of creation while nobody did."""
    etag: str = ""
    """Changes with every change of the comment; send it back to write only what was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountUnreadNotificationsResponse:
    """How much is new."""

    unread: int = 0
    """Unread notifications in the inbox; 1000 means at least that many."""
    unseen: int = 0
    """Unseen notifications in the inbox; 1000 means at least that many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCommentResponse:
    """The comment is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNotificationResponse:
    """The notification is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTaskRequest:
    """Asks to delete a task."""

    id: str = ""
    """The task's id."""
    etag: str = ""
    """When set, the call fails with ETAG_MISMATCH unless this is still the task's etag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTaskResponse:
    """The task is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainNotificationResponse:
    """Why the caller was or was not notified."""

    outcome: Outcome | None = None
    """The short answer."""
    explanation: str = ""
    """The answer in a sentence."""
    notification_id: str = ""
    """The notification, when there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """How one field of a task changed."""

    field: str = ""
    """The field, by its name in JSON."""
    before: str = ""
    """Its value before, as it stands in JSON; empty when it had none. The elements of a list are joined by ", "."""
    after: str = ""
    """Its value after, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One change of a task, as it stays on record. Comments are none: they are read as comments."""

    event_id: str = ""
    """The event that announced the change."""
    type: str = ""
    """What happened: "task.created", "task.updated", "task.deleted", "task.restored"."""
    actor_id: str = ""
    """Who made the change."""
    time: datetime | None = None
    """When."""
    version: int = 0
    """The task's version after the change, counted from 1."""
    changes: tuple[FieldChange, ...] = ()
    """For "task.updated": the fields that changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProblem:
    """What is wrong with a row."""

    line: int = 0
    """The line where the row begins, counted from 1."""
    column: str = ""
    """The column, or the field in JSON; empty if it is the row."""
    message: str = ""
    """What is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTasksResponse:
    """What became of the rows."""

    created: int = 0
    """How many tasks were made; of a dry run, how many would be."""
    skipped: int = 0
    """How many rows were there already."""
    problems: tuple[ImportProblem, ...] = ()
    """What is wrong, of a dry run: the first 100 problems. If there are any, nothing would be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCommentsResponse:
    """A page of the comments on a task."""

    comments: tuple[Comment, ...] = ()
    """The comments, oldest first."""
    next_page_token: str | None = None
    """Where the next page starts; not set on the last page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLatestNotificationsResponse:
    """The newest notifications."""

    notifications: tuple[Notification, ...] = ()
    """The notifications, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNotificationsResponse:
    """A page of notifications."""

    notifications: tuple[Notification, ...] = ()
    """The notifications, newest first."""
    next_page_token: str | None = None
    """Where the next page starts; not set on the last page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTaskHistoryResponse:
    """A page of a task's history."""

    entries: tuple[HistoryEntry, ...] = ()
    """The changes, newest first."""
    next_page_token: str | None = None
    """Where the next page starts; not set on the last page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTasksResponse:
    """A page of tasks."""

    tasks: tuple[Task, ...] = ()
    """The tasks, in the order that was asked for."""
    next_page_token: str | None = None
    """Where the next page starts; not set on the last page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResponse:
    """A successful sign-in."""

    token: str = ""
    """The access token, a JWT, to be sent as `Authorization: Bearer`."""
    token_type: str = ""
    """How the token is to be sent: always "Bearer"."""
    expires_in: int = 0
    """How many seconds from now the token is valid."""
    user: User | None = None
    """Who signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkNotificationsReadResponse:
    """How many were marked."""

    changed: int = 0
    """Those that were not read before; without those that are marked after the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkNotificationsSeenResponse:
    """How many were marked."""

    changed: int = 0
    """Those that were not seen before; without those that are marked after the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing that one user should know. There is exactly one for each event and recipient."""

    id: str = ""
    """The notification's id: an ObjectId as 24 hexadecimal digits."""
    type: str = ""
    """What happened: "task.created", "task.updated", "task.deleted", "task.restored", "task.commented", "task.due_soon",
    "task.overdue".
    """
    title: str = ""
    """Who did what to which task, in a line."""
    body: str = ""
    """What else there is to say: of a change, which fields it changed; of a comment, how it begins."""
    task_id: str = ""
    """The task it is about."""
    actor_id: str = ""
    """Who did it."""
    create_time: datetime | None = None
    """When it happened."""
    seen_time: datetime | None = None
    """When the user's client showed it first; unset while it did not."""
    read_time: datetime | None = None
    """When the user read it; unset while unread."""
    archive_time: datetime | None = None
    """When the user archived it; unset while it is in the inbox."""
    event_id: str = ""
    """The event that it tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a user wants to hear of."""

    types: tuple[TypePreference, ...] = ()
    """One entry for each type of notification. A type that is not sent goes back to its default: on."""
    own_actions: bool | None = None
    """Whether the user is told of what he or she did. True until the user says otherwise."""
    etag: str = ""
    """Changes whenever the preferences do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """When those whom a task concerns are reminded of it: once, unless the task is closed or deleted by then. A time that is
    past already when the reminder is set (or the due time, for `before`) means at once while the task is not due yet, and
    never when it is.
    """

    before: timedelta | None = None
    """This long before the task's due time, at most 365 days, in milliseconds. Without a due time it has no time to come."""
    at: datetime | None = None
    """At this time, in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to be done."""

    id: str = ""
    """The task's id: an ObjectId as 24 hexadecimal digits."""
    title: str = ""
    """What is to be done, in a line."""
    description: str = ""
    """What is to be done, at length."""
    status: Status | None = None
    """How far it has come."""
    priority: Priority | None = None
    """How much it matters."""
    due_time: datetime | None = None
    """When it should be finished. Those whom it concerns are told once when it is overdue: when this time comes and it is
    still open.
    """
    labels: tuple[str, ...] = ()
    """Words to group tasks by."""
    owner_id: str = ""
    """Who made the task."""
    assignee_id: str = ""
    """Who is to do the task; empty when nobody is. Written as an id or as an e-mail address, answered as an id. Owner and
    assignee see and change the task alike.
    """
    create_time: datetime | None = None
    """When the task was made."""
    update_time: datetime | None = None
    """When the task last changed."""
    complete_time: datetime | None = None
    """When the task became done; unset while it is not."""
    etag: str = ""
    """Changes with every change of the task; send it back to write only what was read."""
    reminders: tuple[Reminder, ...] = ()
    """When to remind those whom it concerns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOperation:
    """One change of one task."""

    create: Task | None = None
    """Make this task."""
    update: UpdateTaskRequest | None = None
    """Change a task. In JSON the fields to change stand beside `id` and `etag`, and those that are there are the
    `update_mask`: `{"id": "665f1f77bcf86cd799439021", "title": "Ship it", "dueTime": null}`.
    """
    delete: DeleteTaskRequest | None = None
    """Delete a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOperationResult:
    """What one operation did."""

    task: Task | None = None
    """The task as the operation left it, if it made or changed one."""
    deleted_id: str | None = None
    """The id of the task that the operation deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypePreference:
    """Whether a type of notification reaches the inbox."""

    type: str = ""
    """The type, as in "task.updated"."""
    inbox: bool | None = None
    """Whether notifications of this type reach the inbox. True when not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTaskRequest:
    """Asks to change a task."""

    id: str = ""
    """The task's id."""
    task: Task | None = None
    """The new values."""
    update_mask: str | None = None
    """Which fields of `task` to change. A field that is named but not set is cleared."""
    etag: str = ""
    """When set, the call fails with ETAG_MISMATCH unless this is still the task's etag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or program with an account."""

    id: str = ""
    """The user's id: an ObjectId as 24 hexadecimal digits."""
    email: str = ""
    """The e-mail address, as it was registered; unique without regard to case."""
    name: str = ""
    """What the user is called."""
    create_time: datetime | None = None
    """When the account was made."""
    update_time: datetime | None = None
    """When the account last changed."""
    etag: str = ""
    """Changes with every change of the user; send it back to write only what was read."""
    timezone: str = ""
    """Where the user's clock is: the name of an IANA time zone. "UTC" when not stated."""
    locale: str = ""
    """Which language and conventions the user prefers: a language tag of BCP 47, kept as it is written. "en" when not stated."""
