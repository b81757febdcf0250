"""What the platform can be asked for.

Written from the contract by `make proto`; changes by hand do not last.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from unified_client import models
from unified_client.streams import Event, events
from unified_client.transport import Call, Transport
from unified_client.wire import UNSET, Unset, read


class Notifications:
    """What a user has been notified of, what he or she does with it, and what he or she wants to hear of."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list_notifications(
        self,
        *,
        page_size: int | Unset | None = UNSET,
        state: models.NotificationState | Unset | None = UNSET,
        type: Sequence[str] | Unset | None = UNSET,
    ) -> AsyncIterator[models.Notification]:
        """Answers the caller's notifications, newest first, a page at a time."""
        return self._transport.pages(
            models.Notification,
            "notifications",
            Call("GET", "/api/notifications", repeats=True),
            query={"page_size": page_size, "state": state, "type": type},
        )

    async def list_latest_notifications(self, *, limit: int | Unset | None = UNSET) -> models.ListLatestNotificationsResponse:
        """Answers the caller's newest notifications."""
        return read(
            models.ListLatestNotificationsResponse,
            await self._transport.call(Call("GET", "/api/notifications/latest", repeats=True), query={"limit": limit}),
        )

    def list_new_notifications(self, *, last_event_id: str = "") -> AsyncIterator[Event[models.Notification]]:
        """Answers the caller's notifications as they come, and over REST sends them: a stream of server-sent events. With
        `Last-Event-ID` it goes on where an earlier stream ended, and misses nothing; what came in the last seconds before
        may come again, with the same id. Archived notifications are among them, deleted ones are not. It ends with the
        access token.
        """
        return events(models.Notification, self._transport, Call("GET", "/api/notifications/stream", repeats=True), last_event_id)

    async def mark_notification_read(self, id: str, *, idempotency_key: str | None = None) -> models.Notification:
        """Marks a notification as read (and seen). Doing it again changes nothing."""
        return read(
            models.Notification,
            await self._transport.call(
                Call("POST", "/api/notifications/{id}/read", repeats=True, takes_key=True),
                path={"id": id},
                idempotency_key=idempotency_key,
            ),
        )

    async def mark_notification_unread(self, id: str, *, idempotency_key: str | None = None) -> models.Notification:
        """Marks a notification as unread. Doing it again changes nothing."""
        return read(
            models.Notification,
            await self._transport.call(
                Call("POST", "/api/notifications/{id}/unread", repeats=True, takes_key=True),
                path={"id": id},
                idempotency_key=idempotency_key,
            ),
        )

    async def archive_notification(self, id: str, *, idempotency_key: str | None = None) -> models.Notification:
        """Takes a notification out of the inbox. Doing it again changes nothing."""
        return read(
            models.Notification,
            await self._transport.call(
                Call("POST", "/api/notifications/{id}/archive", repeats=True, takes_key=True),
                path={"id": id},
                idempotency_key=idempotency_key,
            ),
        )

    async def unarchive_notification(self, id: str, *, idempotency_key: str | None = None) -> models.Notification:
        """Brings a notification back into the inbox. Doing it again changes nothing."""
        return read(
            models.Notification,
            await self._transport.call(
                Call("POST", "/api/notifications/{id}/unarchive", repeats=True, takes_key=True),
                path={"id": id},
                idempotency_key=idempotency_key,
            ),
        )

    async def mark_notifications_seen(
        self, *, through: str | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.MarkNotificationsSeenResponse:
        """Marks the caller's notifications as seen, up to and including one, or all. Of more than 10,000 the newest are marked
        at once, and the others soon after.
        """
        return read(
            models.MarkNotificationsSeenResponse,
            await self._transport.call(
                Call("POST", "/api/notifications/seen-all", repeats=True, takes_key=True),
                body={"through": through},
                idempotency_key=idempotency_key,
            ),
        )

    async def mark_notifications_read(
        self, *, through: str | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.MarkNotificationsReadResponse:
        """Marks the caller's notifications as read (and seen), up to and including one, or all. Of more than 10,000 the newest
        are marked at once, and the others soon after.
        """
        return read(
            models.MarkNotificationsReadResponse,
            await self._transport.call(
                Call("POST", "/api/notifications/read-all", repeats=True, takes_key=True),
                body={"through": through},
                idempotency_key=idempotency_key,
            ),
        )

    async def delete_notification(self, id: str, *, idempotency_key: str | None = None) -> None:
        """Deletes a notification for good; its event brings it back under no circumstances."""
        await self._transport.call(
            Call("DELETE", "/api/notifications/{id}", repeats=True, takes_key=True),
            path={"id": id},
            idempotency_key=idempotency_key,
        )

    async def count_unread_notifications(self) -> models.CountUnreadNotificationsResponse:
        """Counts the caller's unread and unseen notifications in the inbox, each up to 1000."""
        return read(
            models.CountUnreadNotificationsResponse,
            await self._transport.call(
                Call("GET", "/api/notifications/unread-count", repeats=True),
            ),
        )

    async def get_preferences(self) -> models.Preferences:
        """Answers what the caller wants to hear of."""
        return read(
            models.Preferences,
            await self._transport.call(
                Call("GET", "/api/notifications/preferences", repeats=True),
            ),
        )

    async def set_preferences(
        self,
        *,
        types: Sequence[models.TypePreference | Mapping[str, Any]] | Unset | None = UNSET,
        own_actions: bool | Unset | None = UNSET,
        etag: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Preferences:
        """Changes the fields of the caller's preferences that `update_mask` names; the others stay. Counts for events from now
        on.
        """
        return read(
            models.Preferences,
            await self._transport.call(
                Call("PUT", "/api/notifications/preferences", repeats=True, takes_key=True),
                body={"types": types, "own_actions": own_actions},
                etag=etag,
                idempotency_key=idempotency_key,
            ),
        )

    async def explain_notification(self, *, event_id: str) -> models.ExplainNotificationResponse:
        """Says why the caller was or was not notified of an event."""
        return read(
            models.ExplainNotificationResponse,
            await self._transport.call(Call("GET", "/api/notifications/explain", repeats=True), query={"event_id": event_id}),
        )


class Comments:
    """What is said about a task. Everybody whom the task concerns reads and writes comments; everybody else, and everybody
    once the task is deleted, gets TASK_NOT_FOUND. A task that is restored has its comments again; with a task that is
    purged they go. A comment and the event that announces it (`TaskCommented`) are one atomic write. Only new comments are
    announced. Comments change nothing of their task, neither its etag nor its history. Who comments on a task in the moment
    in which somebody deletes it may succeed: the comment waits with the task, and the event is sent.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create_comment(self, task_id: str, *, body: str, idempotency_key: str | None = None) -> models.Comment:
        """Writes a comment, and announces it."""
        return read(
            models.Comment,
            await self._transport.call(
                Call("POST", "/api/tasks/{task_id}/comments", takes_key=True),
                path={"task_id": task_id},
                body={"body": body},
                idempotency_key=idempotency_key,
            ),
        )

    def list_comments(self, task_id: str, *, page_size: int | Unset | None = UNSET) -> AsyncIterator[models.Comment]:
        """Answers the comments on a task as a conversation, oldest first, a page at a time. A page never skips or repeats a
        comment that was there.
        """
        return self._transport.pages(
            models.Comment,
            "comments",
            Call("GET", "/api/tasks/{task_id}/comments", repeats=True),
            path={"task_id": task_id},
            query={"page_size": page_size},
        )

    async def get_comment(self, task_id: str, id: str) -> models.Comment:
        """Answers a comment."""
        return read(
            models.Comment,
            await self._transport.call(
                Call("GET", "/api/tasks/{task_id}/comments/{id}", repeats=True), path={"task_id": task_id, "id": id}
            ),
        )

    async def update_comment(
        self,
        task_id: str,
        id: str,
        *,
        body: str | Unset | None = UNSET,
        etag: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Comment:
        """Changes a comment of the caller's own; anybody else's is PERMISSION_DENIED. A change that changes nothing leaves the
        etag as it is.
        """
        return read(
            models.Comment,
            await self._transport.call(
                Call("PATCH", "/api/tasks/{task_id}/comments/{id}", repeats=True, takes_key=True),
                path={"task_id": task_id, "id": id},
                body={"body": body},
                etag=etag,
                idempotency_key=idempotency_key,
            ),
        )

    async def delete_comment(self, task_id: str, id: str, *, etag: str | None = None, idempotency_key: str | None = None) -> None:
        """Deletes a comment of the caller's own for good; anybody else's is PERMISSION_DENIED. Deleting a comment that is
        already deleted is COMMENT_NOT_FOUND.
        """
        await self._transport.call(
            Call("DELETE", "/api/tasks/{task_id}/comments/{id}", repeats=True, takes_key=True),
            path={"task_id": task_id, "id": id},
            etag=etag,
            idempotency_key=idempotency_key,
        )


class Tasks:
    """Manages tasks. Each change and the event that announces it are one atomic write: whoever is concerned hears of every
    change that was acknowledged, and of nothing else.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def create_task(
        self,
        *,
        title: str,
        description: str | Unset | None = UNSET,
        status: models.Status | Unset | None = UNSET,
        priority: models.Priority | Unset | None = UNSET,
        due_time: datetime | Unset | None = UNSET,
        labels: Sequence[str] | Unset | None = UNSET,
        assignee_id: str | Unset | None = UNSET,
        reminders: Sequence[models.Reminder | Mapping[str, Any]] | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Task:
        """Makes a task that the caller owns, and announces it. An assignee is looked up: UNAVAILABLE when that is not possible
        now.
        """
        return read(
            models.Task,
            await self._transport.call(
                Call("POST", "/api/tasks", takes_key=True),
                body={
                    "title": title,
                    "description": description,
                    "status": status,
                    "priority": priority,
                    "due_time": due_time,
                    "labels": labels,
                    "assignee_id": assignee_id,
                    "reminders": reminders,
                },
                idempotency_key=idempotency_key,
            ),
        )

    async def get_task(self, id: str) -> models.Task:
        """Answers a task of the caller."""
        return read(models.Task, await self._transport.call(Call("GET", "/api/tasks/{id}", repeats=True), path={"id": id}))

    def list_tasks(
        self,
        *,
        page_size: int | Unset | None = UNSET,
        status: Sequence[models.Status] | Unset | None = UNSET,
        priority: Sequence[models.Priority] | Unset | None = UNSET,
        label: Sequence[str] | Unset | None = UNSET,
        due_before: datetime | Unset | None = UNSET,
        due_after: datetime | Unset | None = UNSET,
        q: str | Unset | None = UNSET,
        order_by: str | Unset | None = UNSET,
    ) -> AsyncIterator[models.Task]:
        """Answers the caller's tasks, newest first unless asked otherwise, a page at a time. Filters are combined with "and".
        A page never skips or repeats a task that did not change.
        """
        return self._transport.pages(
            models.Task,
            "tasks",
            Call("GET", "/api/tasks", repeats=True),
            query={
                "page_size": page_size,
                "status": status,
                "priority": priority,
                "label": label,
                "due_before": due_before,
                "due_after": due_after,
                "q": q,
                "order_by": order_by,
            },
        )

    def list_task_changes(self, *, last_event_id: str = "") -> AsyncIterator[Event[models.ChangedTask]]:
        """Answers what became of the caller's tasks, and over REST sends it as it happens: a stream of server-sent events. Of
        each task that changed it tells the present state, once: of several changes in a row perhaps only the last, because
        whoever follows a list wants to know how things are (how they came about is in the task's history). With
        `Last-Event-ID` the stream goes on where an earlier one ended; what changed in the last seconds before may come
        again, with the same id. It ends with the access token. A deletion is told until the task is purged: after a longer
        absence read the list again.
        """
        return events(models.ChangedTask, self._transport, Call("GET", "/api/tasks/stream", repeats=True), last_event_id)

    async def update_task(
        self,
        id: str,
        *,
        title: str | Unset | None = UNSET,
        description: str | Unset | None = UNSET,
        status: models.Status | Unset | None = UNSET,
        priority: models.Priority | Unset | None = UNSET,
        due_time: datetime | Unset | None = UNSET,
        labels: Sequence[str] | Unset | None = UNSET,
        assignee_id: str | Unset | None = UNSET,
        reminders: Sequence[models.Reminder | Mapping[str, Any]] | Unset | None = UNSET,
        etag: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Task:
        """Changes the fields of a task that `update_mask` names, and announces it; the others stay. A change that changes
        nothing is not announced and leaves the etag as it is. A new assignee is looked up: UNAVAILABLE when that is not
        possible now. Who is neither owner nor assignee any more does not see the task any more.
        """
        return read(
            models.Task,
            await self._transport.call(
                Call("PUT", "/api/tasks/{id}", repeats=True, takes_key=True),
                path={"id": id},
                body={
                    "title": title,
                    "description": description,
                    "status": status,
                    "priority": priority,
                    "due_time": due_time,
                    "labels": labels,
                    "assignee_id": assignee_id,
                    "reminders": reminders,
                },
                etag=etag,
                idempotency_key=idempotency_key,
            ),
        )

    async def delete_task(self, id: str, *, etag: str | None = None, idempotency_key: str | None = None) -> None:
        """Deletes a task, and announces it. `RestoreTask` brings it back. Deleting a task that is already deleted is
        TASK_NOT_FOUND.
        """
        await self._transport.call(
            Call("DELETE", "/api/tasks/{id}", repeats=True, takes_key=True),
            path={"id": id},
            etag=etag,
            idempotency_key=idempotency_key,
        )

    async def restore_task(self, id: str, *, idempotency_key: str | None = None) -> models.Task:
        """Brings a deleted task back as it was, and announces it. Possible until the task is purged, 30 days after its
        deletion unless the platform is set otherwise. Restoring a task that is not deleted changes nothing and is not
        announced.
        """
        return read(
            models.Task,
            await self._transport.call(
                Call("POST", "/api/tasks/{id}/restore", repeats=True, takes_key=True),
                path={"id": id},
                idempotency_key=idempotency_key,
            ),
        )

    async def batch_tasks(
        self, *, operations: Sequence[models.TaskOperation | Mapping[str, Any]], idempotency_key: str | None = None
    ) -> models.BatchTasksResponse:
        """Makes, changes and deletes up to 100 tasks, in the order of the operations: all of them, or none. Each announces its
        change as it would alone. Of a batch that fails nothing is left; the failure has the code that the operation has
        alone, and names it by its index, as in `operations[1].create.title`.
        """
        return read(
            models.BatchTasksResponse,
            await self._transport.call(
                Call("POST", "/api/tasks/batch", takes_key=True), body={"operations": operations}, idempotency_key=idempotency_key
            ),
        )

    def list_task_history(self, id: str, *, page_size: int | Unset | None = UNSET) -> AsyncIterator[models.HistoryEntry]:
        """Answers who changed which field of a task from what to what, and when; newest first, a page at a time. A deleted
        task keeps its history until it is purged.
        """
        return self._transport.pages(
            models.HistoryEntry,
            "entries",
            Call("GET", "/api/tasks/{id}/history", repeats=True),
            path={"id": id},
            query={"page_size": page_size},
        )


class Transfers:
    """Takes tasks out as files, and in. What an export writes, an import reads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def export_tasks(
        self,
        *,
        format: models.TransferFormat | Unset | None = UNSET,
        status: Sequence[models.Status] | Unset | None = UNSET,
        priority: Sequence[models.Priority] | Unset | None = UNSET,
        label: Sequence[str] | Unset | None = UNSET,
        due_before: datetime | Unset | None = UNSET,
        due_after: datetime | Unset | None = UNSET,
        q: str | Unset | None = UNSET,
        order_by: str | Unset | None = UNSET,
    ) -> AsyncIterator[bytes]:
        """Answers the caller's tasks as a file, newest first unless asked otherwise. Filters are combined with "and". Over
        REST the whole file is one answer; a part of it that fails breaks the answer off before its end. Over gRPC each call
        answers a part.
        """
        return self._transport.download(
            Call("GET", "/api/tasks/export", repeats=True),
            query={
                "format": format,
                "status": status,
                "priority": priority,
                "label": label,
                "due_before": due_before,
                "due_after": due_after,
                "q": q,
                "order_by": order_by,
            },
        )

    async def import_tasks(
        self,
        content: bytes,
        content_type: str = "text/csv",
        *,
        format: models.TransferFormat | Unset | None = UNSET,
        dry_run: bool | Unset | None = UNSET,
    ) -> models.ImportTasksResponse:
        """Makes tasks of the caller out of a file of at most 5,000 rows, and announces them. If any row is wrong, nothing is
        made, and the call fails with IMPORT_REFUSED: a dry run names what is wrong. It only adds, and is safe to repeat: a
        row makes one task, however often it is sent. A row with an `id` is known by that, any other by what it says, and by
        how often the same stands above it. Nothing is made of a row that was imported before, also if the task has changed
        since or was deleted (until it is purged), nor of one whose `id` is that of a task of the caller. Rows are written
        in parts, each of which is atomic; what an interruption left out, the same file makes good.
        """
        return read(
            models.ImportTasksResponse,
            await self._transport.call(
                Call("POST", "/api/tasks/import", repeats=True),
                query={"format": format, "dry_run": dry_run},
                file=(content, content_type),
            ),
        )


class Users:
    """Makes accounts, signs people in, and keeps their profiles."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def register(self, *, email: str, password: str, name: str) -> models.User:
        """Makes an account. Refuses an e-mail address that another account has, in whatever case it is written."""
        return read(
            models.User,
            await self._transport.call(
                Call("POST", "/api/users/register"), body={"email": email, "password": password, "name": name}
            ),
        )

    async def login(self, *, email: str, password: str) -> models.LoginResponse:
        """Signs a user in and answers an access token. An unknown address and a wrong password get the same answer in the same
        time.
        """
        return read(
            models.LoginResponse,
            await self._transport.call(Call("POST", "/api/users/login"), body={"email": email, "password": password}),
        )

    async def get_profile(self) -> models.User:
        """Answers the caller's own account."""
        return read(
            models.User,
            await self._transport.call(
                Call("GET", "/api/users/profile", repeats=True),
            ),
        )

    async def update_profile(
        self,
        *,
        name: str | Unset | None = UNSET,
        timezone: str | Unset | None = UNSET,
        locale: str | Unset | None = UNSET,
        etag: str | None = None,
    ) -> models.User:
        """Changes the fields of the caller's account that `update_mask` names (name, timezone, locale); the others stay. One
        atomic write. A time zone that does not exist is refused.
        """
        return read(
            models.User,
            await self._transport.call(
                Call("PATCH", "/api/users/profile", repeats=True),
                body={"name": name, "timezone": timezone, "locale": locale},
                etag=etag,
            ),
        )


class Services:
    """All of it, by resource."""

    def __init__(self, transport: Transport) -> None:
        self.notifications = Notifications(transport)
        self.comments = Comments(transport)
        self.tasks = Tasks(transport)
        self.transfers = Transfers(transport)
        self.users = Users(transport)
