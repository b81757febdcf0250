"""What use cases do that a real store cannot be made to show."""

from datetime import UTC, datetime

import pytest
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from task_svc.model import Task, TaskEvent
from task_svc.use_cases import CHANGE_ATTEMPTS, Assignee, HistoryPage, Page, Question, TaskUseCases

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Contested:
    """Somebody else's change always comes first."""

    def __init__(self) -> None:
        self.version = 1

    async def get(self, member_id: str, task_id: str) -> Task:
        return Task(task_id, member_id, title="Ship it", create_time=NOON, update_time=NOON, version=self.version)

    async def update(self, task: Task, event: TaskEvent) -> bool:
        self.version += 1
        return False

    delete = restore = update
    get_deleted = get

    async def add(self, task: Task, event: TaskEvent) -> None: ...

    async def list(self, member_id: str, question: Question, page_size: int, page_token: str) -> Page:
        raise NotImplementedError


class NoHistory:
    async def list(self, member_id: str, task_id: str, page_size: int, page_token: str) -> HistoryPage | None:
        raise NotImplementedError


class Nobody:
    async def find(self, key: str) -> Assignee | None:
        raise NotImplementedError


class Somebody:
    """Knows everybody, and counts."""

    asked = 0

    async def find(self, key: str) -> Assignee | None:
        self.asked += 1
        return Assignee("bob", "Bob")


async def test_an_assignee_is_looked_up_once_however_often_others_win() -> None:
    users = Somebody()
    use_cases = TaskUseCases(Contested(), NoHistory(), users, now=lambda: NOON, new_id=str)
    with pytest.raises(ServiceError) as raised:
        await use_cases.change("ada", "task", {"assignee_id": "bob@example.com"}, "")
    assert raised.value.reason == reason_pb2.REASON_OVERLOADED
    assert users.asked == 1


@pytest.mark.parametrize(
    ("etag", "reason", "attempts"),
    [("", reason_pb2.REASON_OVERLOADED, CHANGE_ATTEMPTS), ("1", reason_pb2.REASON_ETAG_MISMATCH, 1)],
)
async def test_who_gives_up_where_others_always_win(etag: str, reason: reason_pb2.Reason.ValueType, attempts: int) -> None:
    tasks = Contested()
    use_cases = TaskUseCases(tasks, NoHistory(), Nobody(), now=lambda: NOON, new_id=str)
    with pytest.raises(ServiceError) as raised:
        await use_cases.change("ada", "task", {"title": "Ship it now"}, etag)
    assert raised.value.reason == reason
    assert tasks.version == 1 + attempts

    tasks.version = 1
    with pytest.raises(ServiceError) as raised:
        await use_cases.delete("ada", "task", etag)
    assert raised.value.reason == reason
    assert tasks.version == 1 + attempts


async def test_who_gives_up_where_others_always_restore_and_delete() -> None:
    use_cases = TaskUseCases(Contested(), NoHistory(), Nobody(), now=lambda: NOON, new_id=str)
    with pytest.raises(ServiceError) as raised:
        await use_cases.restore("ada", "task")
    assert raised.value.reason == reason_pb2.REASON_OVERLOADED
