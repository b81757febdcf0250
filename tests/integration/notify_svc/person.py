"""Somebody who is notified in tests."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.field_mask_pb2 import FieldMask
from unified.notify.v1 import notification_pb2, preferences_pb2
from unified.notify.v1 import notification_service_pb2 as pb

from mesh.metadata import IDEMPOTENCY_KEY
from tests.callers import Metadata
from tests.waiting import eventually

if TYPE_CHECKING:
    from unified.notify.v1.notification_service_pb2_grpc import NotificationServiceAsyncStub

TIMEOUT_S = 20.0
ANY = notification_pb2.NOTIFICATION_STATE_UNSPECIFIED
MARKS = {
    "read": ("MarkNotificationRead", pb.MarkNotificationReadRequest),
    "unread": ("MarkNotificationUnread", pb.MarkNotificationUnreadRequest),
    "archive": ("ArchiveNotification", pb.ArchiveNotificationRequest),
    "unarchive": ("UnarchiveNotification", pb.UnarchiveNotificationRequest),
}


@dataclass(frozen=True)
class Person:
    """A user who is signed in."""

    stub: "NotificationServiceAsyncStub"
    user_id: str
    metadata: Metadata

    async def page(
        self,
        page_size: int | None = None,
        page_token: str = "",
        state: notification_pb2.NotificationState.ValueType = ANY,
        types: Sequence[str] = (),
    ) -> pb.ListNotificationsResponse:
        request = pb.ListNotificationsRequest(page_size=page_size, page_token=page_token, state=state, type=types)
        return await self.stub.ListNotifications(request, metadata=self.metadata, timeout=TIMEOUT_S)

    async def ids(
        self, state: notification_pb2.NotificationState.ValueType = ANY, types: Sequence[str] = (), page_size: int | None = None
    ) -> list[str]:
        """Of all pages."""
        return [each.id async for page in self.pages(page_size, state, types) for each in page]

    async def pages(
        self,
        page_size: int | None = None,
        state: notification_pb2.NotificationState.ValueType = ANY,
        types: Sequence[str] = (),
    ) -> AsyncIterator[list[notification_pb2.Notification]]:
        token = ""
        while True:
            page = await self.page(page_size, token, state, types)
            yield list(page.notifications)
            if not page.HasField("next_page_token"):
                return
            token = page.next_page_token

    async def does(self, what: str, notification_id: str, key: str = "") -> notification_pb2.Notification:
        """Read, unread, archive or unarchive it."""
        verb, message = MARKS[what]
        answer = await getattr(self.stub, verb)(message(id=notification_id), metadata=self._under(key), timeout=TIMEOUT_S)
        notification: notification_pb2.Notification = answer.notification
        return notification

    async def deletes(self, notification_id: str, key: str = "") -> None:
        request = pb.DeleteNotificationRequest(id=notification_id)
        await self.stub.DeleteNotification(request, metadata=self._under(key), timeout=TIMEOUT_S)

    async def reads_all(self, through: str = "", key: str = "") -> int:
        request = pb.MarkNotificationsReadRequest(through=through)
        return (await self.stub.MarkNotificationsRead(request, metadata=self._under(key), timeout=TIMEOUT_S)).changed

    async def sees_all(self, through: str = "", key: str = "") -> int:
        request = pb.MarkNotificationsSeenRequest(through=through)
        return (await self.stub.MarkNotificationsSeen(request, metadata=self._under(key), timeout=TIMEOUT_S)).changed

    async def counts(self) -> tuple[int, int]:
        """How many are unread, and how many unseen."""
        request = pb.CountUnreadNotificationsRequest()
        count = await self.stub.CountUnreadNotifications(request, metadata=self.metadata, timeout=TIMEOUT_S)
        return count.unread, count.unseen

    async def preferences(self) -> preferences_pb2.Preferences:
        call = self.stub.GetPreferences(pb.GetPreferencesRequest(), metadata=self.metadata, timeout=TIMEOUT_S)
        return (await call).preferences

    async def prefers(self, *off: str, own_actions: bool | None = None, key: str = "") -> preferences_pb2.Preferences:
        """Hear of everything but these types."""
        types = [preferences_pb2.TypePreference(type=name, inbox=False) for name in off]
        return await self.sets(["types", "own_actions"], key=key, types=types, own_actions=own_actions)

    async def sets(self, mask: Sequence[str], *, etag: str = "", key: str = "", **fields: Any) -> preferences_pb2.Preferences:
        """Change these fields of the preferences."""
        request = pb.SetPreferencesRequest(
            preferences=preferences_pb2.Preferences(**fields), update_mask=FieldMask(paths=mask), etag=etag
        )
        return (await self.stub.SetPreferences(request, metadata=self._under(key), timeout=TIMEOUT_S)).preferences

    async def asks_why(self, event_id: str) -> pb.ExplainNotificationResponse:
        request = pb.ExplainNotificationRequest(event_id=event_id)
        return await self.stub.ExplainNotification(request, metadata=self.metadata, timeout=TIMEOUT_S)

    def _under(self, key: str) -> Metadata:
        return (*self.metadata, (IDEMPOTENCY_KEY, key)) if key else self.metadata

    async def latest(self, limit: int | None = None) -> list[notification_pb2.Notification]:
        request = pb.ListLatestNotificationsRequest(limit=limit)
        call = self.stub.ListLatestNotifications(request, metadata=self.metadata, timeout=TIMEOUT_S, wait_for_ready=True)
        return list((await call).notifications)

    async def notified_of(self, event_id: str) -> notification_pb2.Notification:
        """The newest notification, once it is of this event."""

        async def newest() -> list[notification_pb2.Notification]:
            return await self.latest(1)

        (notification,) = await eventually(newest, lambda found: [each.event_id for each in found] == [event_id])
        return notification
