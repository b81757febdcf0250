"""Somebody who is notified in tests."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unified.notify.v1 import notification_pb2
from unified.notify.v1 import notification_service_pb2 as pb

from tests.callers import Metadata
from tests.waiting import eventually

if TYPE_CHECKING:
    from unified.notify.v1.notification_service_pb2_grpc import NotificationServiceAsyncStub

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Person:
    """A user who is signed in."""

    stub: "NotificationServiceAsyncStub"
    user_id: str
    metadata: Metadata

    async def page(self, page_size: int | None = None, page_token: str = "") -> pb.ListNotificationsResponse:
        request = pb.ListNotificationsRequest(page_size=page_size, page_token=page_token)
        return await self.stub.ListNotifications(request, metadata=self.metadata, timeout=TIMEOUT_S)

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
