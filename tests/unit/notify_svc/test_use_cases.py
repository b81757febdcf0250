"""What use cases do that a real store cannot be made to show."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from notify_svc.model import InboxMark, Notification, Preferences
from notify_svc.use_cases import CHANGE_ATTEMPTS, NotificationUseCases, Page, Question

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEW = Notification("id", "ada", "event", "task.created", "title", "body", "task", "bob", NOON)


class Contested:
    """Somebody else's change always comes first."""

    def __init__(self) -> None:
        self.attempts = 0

    async def get(self, recipient_id: str, notification_id: str) -> Notification:
        return NEW

    async def replace(self, before: Notification, after: Notification) -> bool:
        self.attempts += 1
        return False

    async def add_once(self, notification: Notification) -> bool:
        raise NotImplementedError

    async def of_event(self, recipient_id: str, event_id: str) -> Notification | None:
        raise NotImplementedError

    async def list(self, recipient_id: str, question: Question, page_size: int, page_token: str) -> Page:
        raise NotImplementedError

    async def list_from(self, recipient_id: str, first_id: str, page_size: int, page_token: str) -> Page:
        raise NotImplementedError

    async def count_new(self, recipient_id: str, most: int) -> tuple[int, int]:
        raise NotImplementedError


class NoMarking:
    async def mark_all(self, recipient_id: str, mark: InboxMark, through: Notification | None, at: datetime) -> int:
        raise NotImplementedError


class NoPreferences:
    async def get_all(self, user_ids: Iterable[str]) -> Mapping[str, Preferences]:
        raise NotImplementedError

    async def replace(self, user_id: str, before: Preferences, after: Preferences) -> bool:
        raise NotImplementedError


def use_cases_of(notifications: Contested) -> NotificationUseCases:
    overlap = timedelta(seconds=10)
    return NotificationUseCases(
        notifications, NoMarking(), NoPreferences(), now=lambda: NOON, new_id=str, wake=lambda _: None, overlap=overlap
    )


async def test_who_gives_up_where_others_always_win() -> None:
    notifications = Contested()
    use_cases = use_cases_of(notifications)
    with pytest.raises(ServiceError) as raised:
        await use_cases.mark("ada", "id", Notification.read)
    assert raised.value.reason == reason_pb2.REASON_OVERLOADED
    assert notifications.attempts == CHANGE_ATTEMPTS


async def test_what_changes_nothing_is_not_stored() -> None:
    notifications = Contested()
    use_cases = use_cases_of(notifications)
    assert await use_cases.mark("ada", "id", Notification.unread) == NEW
    assert notifications.attempts == 0
