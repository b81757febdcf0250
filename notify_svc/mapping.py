"""Notifications between the model, the contract and the events."""

from google.protobuf.message import DecodeError
from unified.notify.v1 import notification_pb2
from unified.notify.v1 import notification_service_pb2 as pb
from unified.task.v1 import task_events_pb2

from mesh.events import Event, MalformedEventError
from mesh.times import to_timestamp
from notify_svc.model import TITLES, Notification, TaskChange
from notify_svc.use_cases import Page

TASK_EVENT = task_events_pb2.DESCRIPTOR.message_types_by_name["TaskEvent"].full_name


def change_of(event: Event) -> TaskChange:
    """The change that the event tells of. Raises MalformedEventError."""
    if event.schema != TASK_EVENT or event.type not in TITLES:
        raise MalformedEventError(f"unexpected event {event.type} of {event.schema}")
    try:
        payload = task_events_pb2.TaskEvent.FromString(event.data)
    except DecodeError as error:
        raise MalformedEventError("the payload is not a TaskEvent") from error
    if event.type != f"task.{payload.WhichOneof('kind')}" or not (payload.task.id and payload.task.owner_id):
        raise MalformedEventError(f"the payload is not that of {event.type}")
    return TaskChange(
        event_id=event.id,
        type=event.type,
        task_id=payload.task.id,
        task_title=payload.task.title,
        actor_id=payload.actor_id,
        owner_id=payload.task.owner_id,
        changed_fields=tuple(payload.updated.changed_fields),
    )


def notification_to_proto(notification: Notification) -> notification_pb2.Notification:
    return notification_pb2.Notification(
        id=notification.id,
        type=notification.type,
        title=notification.title,
        body=notification.body,
        task_id=notification.task_id,
        actor_id=notification.actor_id,
        create_time=to_timestamp(notification.create_time),
        event_id=notification.event_id,
    )


def page_to_proto(page: Page) -> pb.ListNotificationsResponse:
    notifications = [notification_to_proto(each) for each in page.notifications]
    return pb.ListNotificationsResponse(notifications=notifications, next_page_token=page.next_page_token)
