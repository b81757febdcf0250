"""A scripted source of news, and somebody at the stream that is made of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from unified.notify.v1 import notification_pb2
from unified.notify.v1 import notification_service_pb2 as pb

from mesh.wakeups import Waker
from tests.integration.gateway.edge import USER_ID, Edge, access_token
from tests.sse import Listener, listening

STREAM = "/api/notifications/stream"
METHOD = pb.DESCRIPTOR.services_by_name["NotificationService"].methods_by_name["ListNewNotifications"]


def number_of(event_id: str) -> int:
    return int(event_id, 16)


class Inbox:
    """Notifications with the ids 1, 2, 3 ... `overlap` says how many before a position are answered again."""

    def __init__(self, *, overlap: int = 100, page_size: int = 100) -> None:
        self.notifications: list[notification_pb2.Notification] = []
        self.overlap, self.page_size = overlap, page_size

    def add(self, number: int, title: str = "") -> None:
        self.notifications.append(notification_pb2.Notification(id=f"{number:024x}", type="task.created", title=title))
        self.notifications.sort(key=lambda each: each.id)

    async def answer(self, request: Any) -> pb.ListNewNotificationsResponse:
        newest = self.notifications[-1].id if self.notifications else f"{0:024x}"
        heard = number_of(request.after or newest)
        first = number_of(request.page_token) + 1 if request.page_token else heard - self.overlap
        found = [each for each in self.notifications if number_of(each.id) >= first]
        page = found[: self.page_size]
        token = page[-1].id if len(found) > len(page) else None
        return pb.ListNewNotificationsResponse(notifications=page, next_page_token=token, position=newest)


async def wake(redis_url: str, user_id: str = USER_ID) -> None:
    """As services do. Returns when Redis has it."""
    async with Redis.from_url(redis_url) as redis:
        waker = Waker(redis, METHOD)
        waker.wake([user_id])
        assert waker._sending is not None
        await waker._sending


@asynccontextmanager
async def at_stream(
    edge: Edge, last_id: str = "", path: str = STREAM, headers: Mapping[str, str] | None = None, **claims: Any
) -> AsyncIterator[Listener]:
    sent = {"Authorization": f"Bearer {access_token(**claims)}", **(headers or {})}
    async with listening(edge.session, edge.url + path, sent, last_id) as listener:
        yield listener
