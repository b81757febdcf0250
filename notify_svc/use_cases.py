"""What the service does: tell everyone concerned of a change, and let a user work through what he or she was told."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from notify_svc.model import (
    INBOX,
    SHOWN,
    InboxMark,
    Notification,
    Preferences,
    State,
    TaskChange,
    first_id,
    id_time,
)
from notify_svc.wording import body_of, title_of

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Mark = Callable[[Notification, datetime], Notification]
"""What a user does with a notification; doing it again changes nothing."""
# Each round of a contested change lets at least one writer through.
CHANGE_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, and the token for what follows; without a token there is nothing more."""

    notifications: list[Notification]
    next_page_token: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """Which notifications are asked for: in any of these states, of any of these types (all when empty)."""

    states: Sequence[State] = INBOX
    types: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What is new, as a page in the order of arrival, and from where to ask for what comes then."""

    page: Page
    position: str


class NotificationRepository(Protocol):
    async def add_once(self, notification: Notification) -> bool:
        """Store the notification unless its recipient has one for its event; answers whether it is new."""

    async def get(self, recipient_id: str, notification_id: str) -> Notification | None: ...

    async def of_event(self, recipient_id: str, event_id: str) -> Notification | None: ...

    async def list(self, recipient_id: str, question: Question, page_size: int, page_token: str) -> Page: ...

    async def list_from(self, recipient_id: str, first_id: str, page_size: int, page_token: str) -> Page:
        """Those with this id and later ones that are not deleted or kept out, in the order of their ids."""

    async def replace(self, before: Notification, after: Notification) -> bool:
        """Store `after`; answers False, and stores nothing, unless `before` is what is stored."""

    async def count_new(self, recipient_id: str, most: int) -> tuple[int, int]:
        """How many in the inbox are unread, and how many unseen, each counted to `most`."""


class InboxMarking(Protocol):
    async def mark_all(self, recipient_id: str, mark: InboxMark, through: Notification | None, at: datetime) -> int:
        """Mark what is not marked yet in the inbox, up to and including `through`; answers how many that were. In a huge inbox
        these are the newest, and the rest is marked soon after."""


class PreferencesRepository(Protocol):
    async def get_all(self, user_ids: Iterable[str]) -> Mapping[str, Preferences]:
        """The preferences of each user, the defaults for who has none."""

    async def replace(self, user_id: str, before: Preferences, after: Preferences) -> bool:
        """Store `after`; answers False, and stores nothing, unless `before` is what is stored, or the defaults and nothing is."""


class NotificationUseCases:
    def __init__(
        self,
        notifications: NotificationRepository,
        marking: InboxMarking,
        preferences: PreferencesRepository,
        *,
        now: Clock,
        new_id: Callable[[], str],
        wake: Callable[[Iterable[str]], None],
        overlap: timedelta,
    ) -> None:
        """`wake` tells users' streams that there is news; `overlap` is how long it may take until all see a notification, from
        the moment it gets its id."""
        self._notifications, self._marking, self._preferences = notifications, marking, preferences
        self._now, self._new_id = now, new_id
        self._wake, self._overlap = wake, overlap

    async def tell(self, change: TaskChange) -> None:
        """Notify everyone concerned. Doing it again changes nothing, so it may be repeated after any failure."""
        preferences = await self._preferences.get_all(change.recipients())
        await asyncio.gather(*(self._tell(change, user_id, wishes) for user_id, wishes in preferences.items()))

    async def _tell(self, change: TaskChange, recipient_id: str, preferences: Preferences) -> None:
        notification = Notification(
            id=self._new_id(),
            recipient_id=recipient_id,
            event_id=change.event_id,
            type=change.type,
            title=title_of(change, recipient_id),
            body=body_of(change),
            task_id=change.task_id,
            actor_id=change.actor_id,
            # When it happened, not when it arrived: events overtake each other on the way.
            create_time=change.time,
            kept_out=preferences.keep_out(change, recipient_id),
        )
        is_new = await self._notifications.add_once(notification)
        # Once more where it was there already: who stored it may have died before it came here.
        self._wake([recipient_id])
        log.info("user notified" if is_new else "user had been notified", extra={"event_id": change.event_id})

    async def list(self, caller_id: str, question: Question, page_size: int, page_token: str = "") -> Page:
        """The caller's notifications, newest first."""
        return await self._notifications.list(caller_id, question, page_size, page_token)

    async def news(self, caller_id: str, after_id: str, page_size: int, page_token: str) -> News:
        """What came after that id (now when empty), and in the time before it, of which what comes late may still be missing."""
        now = self._now()
        heard_until = min(id_time(after_id), now) if after_id else now
        first = first_id(heard_until - self._overlap)
        return News(await self._notifications.list_from(caller_id, first, page_size, page_token), first_id(now))

    async def mark(self, caller_id: str, notification_id: str, mark: Mark) -> Notification:
        """Do with one notification what the caller wants done, and answer it."""
        for _ in range(CHANGE_ATTEMPTS):
            before = await self._shown(caller_id, notification_id)
            after = mark(before, self._now())
            if after == before or await self._notifications.replace(before, after):
                return after
        raise ServiceError(reason_pb2.REASON_OVERLOADED, "too many changes of this notification at once", retry_after_s=1)

    async def mark_all(self, caller_id: str, mark: InboxMark, through_id: str) -> int:
        through = await self._shown(caller_id, through_id) if through_id else None
        return await self._marking.mark_all(caller_id, mark, through, self._now())

    async def count_new(self, caller_id: str, most: int) -> tuple[int, int]:
        return await self._notifications.count_new(caller_id, most)

    async def preferences(self, caller_id: str) -> Preferences:
        return (await self._preferences.get_all([caller_id]))[caller_id]

    async def change_preferences(self, caller_id: str, changes: Mapping[str, Any], etag: str) -> Preferences:
        """Change what differs. With an etag only that version is changed, without one whichever is stored."""
        for _ in range(CHANGE_ATTEMPTS):
            before = await self.preferences(caller_id)
            if etag and etag != before.etag:
                raise ServiceError(reason_pb2.REASON_ETAG_MISMATCH, "the preferences have changed; read them again")
            after = replace(before, **changes)
            if after == before or await self._preferences.replace(caller_id, before, after):
                return after
        raise ServiceError(reason_pb2.REASON_OVERLOADED, "too many changes of these preferences at once", retry_after_s=1)

    async def explain(self, caller_id: str, event_id: str) -> Notification | None:
        """What became of the event for the caller; nothing when it never concerned the caller, or has not arrived."""
        return await self._notifications.of_event(caller_id, event_id)

    async def _shown(self, caller_id: str, notification_id: str) -> Notification:
        notification = await self._notifications.get(caller_id, notification_id)
        if notification is None or notification.state not in SHOWN:
            raise ServiceError(reason_pb2.REASON_NOTIFICATION_NOT_FOUND, "there is no such notification")
        return notification
