"""The load: clients of several users who create, change, assign, comment on and delete tasks, two of a user now and then the
same one."""

import asyncio
import itertools
import random
import time
from collections import deque
from dataclasses import replace

from tests.audit.client import Client, new_key, path_of
from tests.audit.operations import Journal, Kind, Operation, Outcome
from tests.audit.plan import Plan

# Few enough that the clients of a user meet.
RECENT = 40
# Seconds until a task is due whose due time is set: time enough for the write.
DUE_IN_S = (2, 5)
# After an answer that said nothing, as people would.
DISCOURAGED_S = 0.3


class User:
    """Somebody with tasks, of whom several clients work."""

    def __init__(self, user_id: str, client: Client) -> None:
        self.id, self.client = user_id, client
        self.tasks: deque[str] = deque(maxlen=RECENT)
        # The newest that was acknowledged of each resource, by its path; what somebody began to delete is left out.
        self.versions: dict[str, int] = {}

    def learn(self, path: str, version: int) -> None:
        self.versions[path] = max(version, self.versions.get(path, 0))

    def forget(self, task_id: str) -> None:
        self.tasks.remove(task_id)
        self.versions.pop(path_of(task_id), None)


class Load:
    """What all clients do together, until they are told to stop."""

    def __init__(self, plan: Plan, users: list[User], journal: Journal) -> None:
        self._plan, self._users, self._journal = plan, users, journal
        self._numbers = itertools.count(1)
        self._random = random.Random(plan.seed)
        self._stopping = False
        self.acknowledged = 0

    async def run(self) -> None:
        """Return once `stop` was called and every operation is concluded."""
        users = itertools.islice(itertools.cycle(self._users), self._plan.clients)
        async with asyncio.TaskGroup() as clients:
            for user in users:
                clients.create_task(self._work(user))

    def stop(self) -> None:
        self._stopping = True

    async def _work(self, user: User) -> None:
        while not self._stopping:
            operation = self._next(user)
            self._journal.intend(operation)
            operation = await user.client.write(operation)
            self._journal.conclude(operation)
            self._learn(user, operation)
            if operation.outcome is Outcome.UNKNOWN:
                await asyncio.sleep(DISCOURAGED_S)

    def _next(self, user: User) -> Operation:
        number, kind = next(self._numbers), self._kind(user)
        task_id = None if kind is Kind.CREATE else self._random.choice(user.tasks)
        if kind is Kind.DELETE and task_id is not None:
            user.forget(task_id)
        key = new_key() if self._random.random() < self._plan.keyed else None
        operation = Operation(number, kind, user.id, f"{self._plan.seed}-{number}", task_id, key, time.monotonic())
        return self._with_more(operation) if kind in (Kind.CREATE, Kind.CHANGE) else operation

    def _with_more(self, operation: Operation) -> Operation:
        """Some writes also assign, or set a due time."""
        if self._random.random() < self._plan.assigns:
            others = [user.id for user in self._users if user.id != operation.user_id]
            operation = replace(operation, assignee_id=self._random.choice([*others, ""]))
        if self._random.random() < self._plan.dues:
            operation = replace(operation, due_at=int(time.time()) + self._random.randint(*DUE_IN_S))
        return operation

    def _kind(self, user: User) -> Kind:
        drawn = self._random.random()
        if not user.tasks or drawn < self._plan.creates:
            return Kind.CREATE
        rest = drawn - self._plan.creates
        if rest < self._plan.deletes:
            return Kind.DELETE
        return Kind.COMMENT if rest < self._plan.deletes + self._plan.comments else Kind.CHANGE

    def _learn(self, user: User, operation: Operation) -> None:
        if operation.outcome is not Outcome.ACKNOWLEDGED or operation.task_id is None:
            return
        self.acknowledged += 1
        if operation.kind is Kind.CREATE:
            user.tasks.append(operation.task_id)
        if operation.version is not None and operation.task_id in user.tasks:
            user.learn(path_of(operation.task_id), operation.version)
