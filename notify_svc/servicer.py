"""The gRPC edge of the notification service: proto in, use case, proto out."""

from unified.notify.v1 import notification_service_pb2 as pb
from unified.notify.v1.notification_service_pb2_grpc import NotificationServiceServicer

from mesh import pages
from mesh.identity import current_caller
from mesh.interceptors import Context
from notify_svc.mapping import notification_to_proto, page_to_proto
from notify_svc.use_cases import NotificationUseCases

LATEST = 10


class NotificationServicer(NotificationServiceServicer):
    def __init__(self, use_cases: NotificationUseCases) -> None:
        self._use_cases = use_cases

    async def ListNotifications(self, request: pb.ListNotificationsRequest, context: Context) -> pb.ListNotificationsResponse:
        page_size = request.page_size if request.HasField("page_size") else pages.LARGEST
        return page_to_proto(await self._use_cases.list(current_caller().user_id, page_size, request.page_token))

    async def ListLatestNotifications(
        self, request: pb.ListLatestNotificationsRequest, context: Context
    ) -> pb.ListLatestNotificationsResponse:
        limit = request.limit if request.HasField("limit") else LATEST
        page = await self._use_cases.list(current_caller().user_id, limit)
        return pb.ListLatestNotificationsResponse(notifications=map(notification_to_proto, page.notifications))
