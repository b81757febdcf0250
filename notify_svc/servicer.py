"""The gRPC edge of the notification service: proto in, use case, proto out."""

from unified.notify.v1 import notification_pb2
from unified.notify.v1 import notification_service_pb2 as pb
from unified.notify.v1.notification_service_pb2_grpc import NotificationServiceServicer

from mesh import pages
from mesh.identity import current_caller
from mesh.interceptors import Context
from notify_svc import mapping
from notify_svc.mapping import news_to_proto, notification_to_proto, page_to_proto
from notify_svc.model import InboxMark, Notification
from notify_svc.use_cases import Mark, NotificationUseCases, Question

LATEST = 10
MOST_COUNTED = 1000


class NotificationServicer(NotificationServiceServicer):
    def __init__(self, use_cases: NotificationUseCases) -> None:
        self._use_cases = use_cases

    async def ListNotifications(self, request: pb.ListNotificationsRequest, context: Context) -> pb.ListNotificationsResponse:
        page_size = request.page_size if request.HasField("page_size") else pages.LARGEST
        question = mapping.question_of(request)
        return page_to_proto(await self._use_cases.list(current_caller().user_id, question, page_size, request.page_token))

    async def ListLatestNotifications(
        self, request: pb.ListLatestNotificationsRequest, context: Context
    ) -> pb.ListLatestNotificationsResponse:
        limit = request.limit if request.HasField("limit") else LATEST
        page = await self._use_cases.list(current_caller().user_id, Question(), limit)
        return pb.ListLatestNotificationsResponse(notifications=map(notification_to_proto, page.notifications))

    async def ListNewNotifications(
        self, request: pb.ListNewNotificationsRequest, context: Context
    ) -> pb.ListNewNotificationsResponse:
        caller_id = current_caller().user_id
        return news_to_proto(await self._use_cases.news(caller_id, request.after, pages.LARGEST, request.page_token))

    async def MarkNotificationRead(
        self, request: pb.MarkNotificationReadRequest, context: Context
    ) -> pb.MarkNotificationReadResponse:
        return pb.MarkNotificationReadResponse(notification=await self._mark(request.id, Notification.read))

    async def MarkNotificationUnread(
        self, request: pb.MarkNotificationUnreadRequest, context: Context
    ) -> pb.MarkNotificationUnreadResponse:
        return pb.MarkNotificationUnreadResponse(notification=await self._mark(request.id, Notification.unread))

    async def ArchiveNotification(
        self, request: pb.ArchiveNotificationRequest, context: Context
    ) -> pb.ArchiveNotificationResponse:
        return pb.ArchiveNotificationResponse(notification=await self._mark(request.id, Notification.archived))

    async def UnarchiveNotification(
        self, request: pb.UnarchiveNotificationRequest, context: Context
    ) -> pb.UnarchiveNotificationResponse:
        return pb.UnarchiveNotificationResponse(notification=await self._mark(request.id, Notification.unarchived))

    async def DeleteNotification(self, request: pb.DeleteNotificationRequest, context: Context) -> pb.DeleteNotificationResponse:
        await self._mark(request.id, Notification.deleted)
        return pb.DeleteNotificationResponse()

    async def MarkNotificationsSeen(
        self, request: pb.MarkNotificationsSeenRequest, context: Context
    ) -> pb.MarkNotificationsSeenResponse:
        changed = await self._use_cases.mark_all(current_caller().user_id, InboxMark.SEEN, request.through)
        return pb.MarkNotificationsSeenResponse(changed=changed)

    async def MarkNotificationsRead(
        self, request: pb.MarkNotificationsReadRequest, context: Context
    ) -> pb.MarkNotificationsReadResponse:
        changed = await self._use_cases.mark_all(current_caller().user_id, InboxMark.READ, request.through)
        return pb.MarkNotificationsReadResponse(changed=changed)

    async def CountUnreadNotifications(
        self, request: pb.CountUnreadNotificationsRequest, context: Context
    ) -> pb.CountUnreadNotificationsResponse:
        unread, unseen = await self._use_cases.count_new(current_caller().user_id, MOST_COUNTED)
        return pb.CountUnreadNotificationsResponse(unread=unread, unseen=unseen)

    async def GetPreferences(self, request: pb.GetPreferencesRequest, context: Context) -> pb.GetPreferencesResponse:
        preferences = await self._use_cases.preferences(current_caller().user_id)
        return pb.GetPreferencesResponse(preferences=mapping.preferences_to_proto(preferences))

    async def SetPreferences(self, request: pb.SetPreferencesRequest, context: Context) -> pb.SetPreferencesResponse:
        changes = mapping.changes_of(request)
        preferences = await self._use_cases.change_preferences(current_caller().user_id, changes, request.etag)
        return pb.SetPreferencesResponse(preferences=mapping.preferences_to_proto(preferences))

    async def ExplainNotification(
        self, request: pb.ExplainNotificationRequest, context: Context
    ) -> pb.ExplainNotificationResponse:
        return mapping.explanation_of(await self._use_cases.explain(current_caller().user_id, request.event_id))

    async def _mark(self, notification_id: str, mark: Mark) -> notification_pb2.Notification:
        return notification_to_proto(await self._use_cases.mark(current_caller().user_id, notification_id, mark))
