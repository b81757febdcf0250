"""What people can do with tasks: authorise, load, apply the rule, save and announce."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from unified.error.v1 import reason_pb2

from mesh.errors import FieldError, ServiceError
from task_svc.model import FieldChange, HistoryEntry, IllegalTransitionError, Kind, Priority, Status, Task, TaskEvent

log = logging.getLogger(__name__)

# An attempt fails only when another change of the same task succeeded meanwhile.
CHANGE_ATTEMPTS = 50


class Order(StrEnum):
    """What a list is ordered by. Equals stand in the order of their ids."""

    CREATE_TIME = "createTime"
    UPDATE_TIME = "updateTime"
    DUE_TIME = "dueTime"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class Question:
    """Which tasks, and in which order. A task has one of the statuses and priorities, all of the labels and words, and is due
    at `due_after` or later, and before `due_before`; what is empty asks for nothing."""

    statuses: tuple[Status, ...] = ()
    priorities: tuple[Priority, ...] = ()
    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    due_after: datetime | None = None
    due_before: datetime | None = None
    order: Order = Order.CREATE_TIME
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, and the token for what follows; without a token there is nothing more."""

    tasks: list[Task]
    next_page_token: str | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of a history, and the token for what follows; without a token there is nothing more."""

    entries: list[HistoryEntry]
    next_page_token: str | None


@dataclass(frozen=True, slots=True)
class Assignee:
    """Somebody who can be assigned to a task."""

    id: str
    name: str


class TaskHistory(Protocol):
    """What became of tasks."""

    async def list(self, member_id: str, task_id: str, page_size: int, page_token: str) -> HistoryPage | None:
        """A page of the history, newest first; nothing if there is no such task, deleted or not, or it is not the member's."""


class TaskRepository(Protocol):
    """Stores tasks. Each write stores its event in the same atomic step."""

    async def add(self, task: Task, event: TaskEvent) -> None: ...

    async def get(self, member_id: str, task_id: str) -> Task | None:
        """The task, if it exists, is not deleted, and concerns the member."""

    async def list(self, member_id: str, question: Question, page_size: int, page_token: str) -> Page: ...

    async def update(self, task: Task, event: TaskEvent) -> bool:
        """Store the task's next version; answers False, and stores nothing, unless the version before it is stored."""

    async def delete(self, task: Task, event: TaskEvent) -> bool:
        """Like `update`, but with this version the task is deleted."""

    async def get_deleted(self, member_id: str, task_id: str) -> Task | None:
        """The task, if it is deleted and not purged, and concerns the member."""

    async def restore(self, task: Task, event: TaskEvent) -> bool:
        """Like `update`, but with this version the task is no longer deleted."""


class UserDirectory(Protocol):
    """Knows who can be assigned to a task."""

    async def find(self, key: str) -> Assignee | None:
        """The user with this id or e-mail address. Raises ServiceError(UNAVAILABLE)."""


class TaskUseCases:
    def __init__(
        self,
        tasks: TaskRepository,
        history: TaskHistory,
        users: UserDirectory,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._tasks, self._history, self._users, self._now, self._new_id = tasks, history, users, now, new_id

    async def create(self, caller_id: str, values: Mapping[str, Any]) -> Task:
        values, name = await self._with_assignee(values, "")
        task = Task.made(self._new_id(), caller_id, values, at=self._now())
        await self._tasks.add(task, self._event(Kind.CREATED, task, caller_id, assignee_name=name))
        log.info("task created", extra={"task_id": task.id})
        return task

    async def get(self, caller_id: str, task_id: str) -> Task:
        task = await self._tasks.get(caller_id, task_id)
        if task is None:
            raise _not_found()
        return task

    async def list(self, caller_id: str, question: Question, page_size: int, page_token: str) -> Page:
        return await self._tasks.list(caller_id, question, page_size, page_token)

    async def history(self, caller_id: str, task_id: str, page_size: int, page_token: str) -> HistoryPage:
        page = await self._history.list(caller_id, task_id, page_size, page_token)
        if page is None:
            raise _not_found()
        return page

    async def change(self, caller_id: str, task_id: str, changes: Mapping[str, Any], etag: str) -> Task:
        """Change what differs. With an etag only that version is changed, without one whichever is stored."""
        name = ""
        for _ in range(CHANGE_ATTEMPTS):
            task = await self._expected(caller_id, task_id, etag)
            if not name:
                changes, name = await self._with_assignee(changes, task.assignee_id)
            changed = self._changed(task, changes)
            if changed is task:
                return task
            event = self._event(Kind.UPDATED, changed, caller_id, task.changes_to(changed, changes), name)
            if await self._tasks.update(changed, event):
                log.info("task changed", extra={"task_id": task.id})
                return changed
        raise _contested()

    async def delete(self, caller_id: str, task_id: str, etag: str) -> None:
        for _ in range(CHANGE_ATTEMPTS):
            task = await self._expected(caller_id, task_id, etag)
            deleted = task.deleted(self._now())
            if await self._tasks.delete(deleted, self._event(Kind.DELETED, deleted, caller_id)):
                log.info("task deleted", extra={"task_id": task.id})
                return
        raise _contested()

    async def restore(self, caller_id: str, task_id: str) -> Task:
        """Bring the task back, unless it is there already."""
        for _ in range(CHANGE_ATTEMPTS):
            task = await self._tasks.get_deleted(caller_id, task_id)
            if task is None:
                return await self.get(caller_id, task_id)
            restored = task.restored(self._now())
            if await self._tasks.restore(restored, self._event(Kind.RESTORED, restored, caller_id)):
                log.info("task restored", extra={"task_id": task.id})
                return restored
        raise _contested()

    async def _expected(self, caller_id: str, task_id: str, etag: str) -> Task:
        task = await self.get(caller_id, task_id)
        if etag and etag != task.etag:
            raise ServiceError(reason_pb2.REASON_ETAG_MISMATCH, "the task has changed; read it again")
        return task

    def _changed(self, task: Task, changes: Mapping[str, Any]) -> Task:
        try:
            return task.changed(changes, at=self._now())
        except IllegalTransitionError as error:
            raise ServiceError(reason_pb2.REASON_ILLEGAL_TRANSITION, str(error)) from None

    async def _with_assignee(self, values: Mapping[str, Any], present_id: str) -> tuple[Mapping[str, Any], str]:
        """The values with the id of the assignee whom they name, and that assignee's name; nobody is looked up who is assigned
        already."""
        key = values.get("assignee_id", "")
        if key in ("", present_id):
            return values, ""
        assignee = await self._users.find(key)
        if assignee is None:
            problem = FieldError("task.assignee_id", "is nobody's id or e-mail address")
            raise ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=[problem])
        return {**values, "assignee_id": assignee.id}, assignee.name

    def _event(
        self, kind: Kind, task: Task, actor_id: str, changes: tuple[FieldChange, ...] = (), assignee_name: str = ""
    ) -> TaskEvent:
        return TaskEvent(self._new_id(), kind, task, actor_id, changes, assignee_name)


def _not_found() -> ServiceError:
    return ServiceError(reason_pb2.REASON_TASK_NOT_FOUND, "there is no such task")


def _contested() -> ServiceError:
    return ServiceError(reason_pb2.REASON_OVERLOADED, "too many changes of this task at once", retry_after_s=1)
