"""What the service does: tell everyone concerned of a change, and answer what a user was told."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notify_svc.model import Notification, TaskChange, body_of, title_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, and the token for what follows; without a token there is nothing more."""

    notifications: list[Notification]
    next_page_token: str | None


class NotificationRepository(Protocol):
    async def add_once(self, notification: Notification) -> bool:
        """Store the notification unless its recipient has one for its event; answers whether it is new."""

    async def list(self, recipient_id: str, page_size: int, page_token: str) -> Page: ...


class NotificationUseCases:
    def __init__(self, notifications: NotificationRepository, *, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self._notifications, self._now, self._new_id = notifications, now, new_id

    async def tell(self, change: TaskChange) -> None:
        """Notify everyone concerned. Doing it again changes nothing, so it may be repeated after any failure."""
        await asyncio.gather(*(self._tell(change, recipient_id) for recipient_id in change.recipients()))

    async def _tell(self, change: TaskChange, recipient_id: str) -> None:
        notification = Notification(
            id=self._new_id(),
            recipient_id=recipient_id,
            event_id=change.event_id,
            type=change.type,
            title=title_of(change),
            body=body_of(change),
            task_id=change.task_id,
            actor_id=change.actor_id,
            create_time=self._now(),
        )
        is_new = await self._notifications.add_once(notification)
        log.info("user notified" if is_new else "user had been notified", extra={"event_id": change.event_id})

    async def list(self, caller_id: str, page_size: int, page_token: str = "") -> Page:
        """The caller's notifications, newest first."""
        return await self._notifications.list(caller_id, page_size, page_token)
