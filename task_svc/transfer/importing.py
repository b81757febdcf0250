"""Makes tasks out of the rows of a file.

The id of the task that a row makes is derived from the caller and the row, so the same row makes no second one. Rows are written
in slices; each slice is a transaction, with the events of its tasks. A process that dies leaves the slices that it has committed,
and the same file, sent again, makes the rest.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from unified.error.v1 import reason_pb2
from unified.task.v1 import transfer_service_pb2 as pb

from mesh.errors import FieldError, ServiceError
from task_svc.model import Kind, Task, TaskEvent
from task_svc.transfer.candidates import Candidate, candidates
from task_svc.transfer.files import FORMATS, MOST_PROBLEMS, guessed
from task_svc.transfer.records import Problem
from task_svc.use_cases import Assignee

log = logging.getLogger(__name__)

# So few that making them ready to be stored does not hold up other calls.
SLICE = 100
# How many users can be asked for at once.
LOOKED_UP = 100

Transaction = Callable[[Callable[[], Awaitable[int]]], Awaitable[int]]


class TaskStore(Protocol):
    async def stored(self, member_id: str, task_ids: Collection[str]) -> Mapping[str, bool]:
        """Which of these tasks of the member are stored, and whether each of them is deleted."""

    async def add_all(self, made: Sequence[tuple[Task, TaskEvent]]) -> None:
        """Store new tasks, each with its event."""


class UserDirectory(Protocol):
    async def learn(self, keys: Collection[str]) -> None:
        """Look up to 100 users up at once, so that `find` need not ask for each. Raises ServiceError(UNAVAILABLE)."""

    async def find(self, key: str) -> Assignee | None:
        """The user with this id or e-mail address. Raises ServiceError(UNAVAILABLE)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rows; of a dry run, what would."""

    created: int = 0
    skipped: int = 0
    problems: Sequence[Problem] = ()


class Imports:
    """`transaction` does some work in a transaction, from the start again where that has to be."""

    def __init__(
        self,
        tasks: TaskStore,
        users: UserDirectory,
        transaction: Transaction,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._tasks, self._users, self._transaction, self._now, self._new_id = tasks, users, transaction, now, new_id

    async def run(self, caller_id: str, request: pb.ImportTasksRequest) -> Outcome:
        """Raises ServiceError(IMPORT_REFUSED) when a row is wrong, unless it is a dry run."""
        form = FORMATS.get(request.format) or guessed(request.content)
        found, problems = await asyncio.to_thread(candidates, request.content, form, caller_id, self._now())
        if not problems:
            found, problems = await self._assigned(found)
        if problems and not request.dry_run:
            raise _refused(problems)
        if problems:
            return Outcome(problems=problems)
        created = 0
        for begin in range(0, len(found), SLICE):
            part = found[begin : begin + SLICE]
            if request.dry_run:
                created += len(await self._new_of(caller_id, part))
            else:
                created += await self._transaction(partial(self._add_new, caller_id, part))
        log.info("tasks imported", extra={"tasks": created, "rows": len(found), "dry_run": request.dry_run})
        return Outcome(created, skipped=len(found) - created)

    async def _add_new(self, caller_id: str, part: Sequence[Candidate]) -> int:
        new = [(each.task, self._event(each, caller_id)) for each in await self._new_of(caller_id, part)]
        if new:
            await self._tasks.add_all(new)
        return len(new)

    def _event(self, made: Candidate, actor_id: str) -> TaskEvent:
        return TaskEvent(self._new_id(), Kind.CREATED, made.task, actor_id, assignee_name=made.assignee_name)

    async def _assigned(self, found: Sequence[Candidate]) -> tuple[list[Candidate], list[Problem]]:
        """The same with the ids of those whom the rows assign, or the rows that assign nobody."""
        keys = sorted({each.task.assignee_id for each in found} - {""})
        people: dict[str, Assignee | None] = {}
        for begin in range(0, len(keys), LOOKED_UP):
            part = keys[begin : begin + LOOKED_UP]
            await self._users.learn(part)
            people |= {key: await self._users.find(key) for key in part}
        lost = [each.line for each in found if each.task.assignee_id and not people[each.task.assignee_id]]
        if lost:
            return [], [Problem(line, "assigneeId", "is nobody's id or e-mail address") for line in lost[:MOST_PROBLEMS]]
        return [each.assigned_to(user) if (user := people.get(each.task.assignee_id)) else each for each in found], []

    async def _new_of(self, caller_id: str, part: Sequence[Candidate]) -> list[Candidate]:
        stored = await self._tasks.stored(caller_id, {name for each in part for name in (each.task.id, each.own_id)})
        # What was imported before stays as it is, also deleted; a task that is deleted can be imported anew.
        return [each for each in part if each.task.id not in stored and stored.get(each.own_id, True)]


def _refused(problems: Sequence[Problem]) -> ServiceError:
    fields = [FieldError(f"content[{each.line}].{each.column}".rstrip("."), each.message) for each in problems]
    return ServiceError(reason_pb2.REASON_IMPORT_REFUSED, "nothing was imported, because of what is wrong", fields=fields)
