"""What people can do with comments: everybody whom the task concerns reads and writes them, each changes his or her own."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from task_svc.comments.model import Comment
from task_svc.model import Task

log = logging.getLogger(__name__)

# An attempt fails only when another change of the same comment succeeded meanwhile.
CHANGE_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Commented:
    """That somebody commented on a task, for others to hear of; the task as it was."""

    event_id: str
    comment: Comment
    task: Task


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, and the token for what follows; without a token there is nothing more."""

    comments: list[Comment]
    next_page_token: str | None


class Tasks(Protocol):
    async def get(self, member_id: str, task_id: str) -> Task | None:
        """The task, if it exists, is not deleted, and concerns the member."""


class CommentRepository(Protocol):
    async def add(self, commented: Commented) -> None:
        """Store the comment and the event in one atomic step."""

    async def get(self, task_id: str, comment_id: str) -> Comment | None:
        """The comment, if it is one on this task and not deleted."""

    async def list(self, task_id: str, page_size: int, page_token: str) -> Page:
        """A page of the comments on the task, oldest first."""

    async def update(self, comment: Comment) -> bool:
        """Store the comment's next version; answers False, and stores nothing, unless the version before it is stored."""

    async def delete(self, comment: Comment) -> bool:
        """Delete the comment; answers False, and deletes nothing, unless this version is stored."""


class CommentUseCases:
    """Each use case asks first whether the task concerns the caller. A task that is deleted after that answer, and before the
    write, may so get a comment. That does no harm: nobody sees it unless the task is restored."""

    def __init__(
        self, tasks: Tasks, comments: CommentRepository, *, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._tasks, self._comments, self._now, self._new_id = tasks, comments, now, new_id

    async def create(self, caller_id: str, task_id: str, body: str) -> Comment:
        task = await self._task(caller_id, task_id)
        now = self._now()
        comment = Comment(self._new_id(), task.id, caller_id, body, create_time=now, update_time=now)
        await self._comments.add(Commented(self._new_id(), comment, task))
        log.info("comment created", extra={"comment_id": comment.id})
        return comment

    async def list(self, caller_id: str, task_id: str, page_size: int, page_token: str) -> Page:
        task = await self._task(caller_id, task_id)
        return await self._comments.list(task.id, page_size, page_token)

    async def get(self, caller_id: str, task_id: str, comment_id: str) -> Comment:
        task = await self._task(caller_id, task_id)
        comment = await self._comments.get(task.id, comment_id)
        if comment is None:
            raise ServiceError(reason_pb2.REASON_COMMENT_NOT_FOUND, "there is no such comment")
        return comment

    async def change(self, caller_id: str, task_id: str, comment_id: str, changes: Mapping[str, Any], etag: str) -> Comment:
        """Change what differs. With an etag only that version is changed, without one whichever is stored."""
        for _ in range(CHANGE_ATTEMPTS):
            comment = await self._own(caller_id, task_id, comment_id, etag)
            changed = comment.changed(changes, at=self._now())
            if changed is comment:
                return comment
            if await self._comments.update(changed):
                log.info("comment changed", extra={"comment_id": comment.id})
                return changed
        raise _contested()

    async def delete(self, caller_id: str, task_id: str, comment_id: str, etag: str) -> None:
        for _ in range(CHANGE_ATTEMPTS):
            comment = await self._own(caller_id, task_id, comment_id, etag)
            if await self._comments.delete(comment):
                log.info("comment deleted", extra={"comment_id": comment.id})
                return
        raise _contested()

    async def _task(self, caller_id: str, task_id: str) -> Task:
        task = await self._tasks.get(caller_id, task_id)
        if task is None:
            raise ServiceError(reason_pb2.REASON_TASK_NOT_FOUND, "there is no such task")
        return task

    async def _own(self, caller_id: str, task_id: str, comment_id: str, etag: str) -> Comment:
        comment = await self.get(caller_id, task_id, comment_id)
        if comment.author_id != caller_id:
            raise ServiceError(reason_pb2.REASON_PERMISSION_DENIED, "only its author changes a comment")
        if etag and etag != comment.etag:
            raise ServiceError(reason_pb2.REASON_ETAG_MISMATCH, "the comment has changed; read it again")
        return comment


def _contested() -> ServiceError:
    return ServiceError(reason_pb2.REASON_OVERLOADED, "too many changes of this comment at once", retry_after_s=1)
