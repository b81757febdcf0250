"""Notifications between the model, the contract and the events."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp
from unified.error.v1 import reason_pb2
from unified.notify.v1 import notification_pb2, preferences_pb2
from unified.notify.v1 import notification_service_pb2 as pb
from unified.task.v1 import task_events_pb2, task_pb2

from mesh.errors import FieldError, ServiceError
from mesh.events import Event, MalformedEventError
from mesh.times import from_timestamp, in_milliseconds, to_timestamp
from notify_svc.model import INBOX, TYPES, Notification, Preferences, State, TaskChange
from notify_svc.use_cases import News, Page, Question

STATES = {
    notification_pb2.NOTIFICATION_STATE_UNSPECIFIED: INBOX,
    notification_pb2.NOTIFICATION_STATE_UNREAD: (State.UNREAD,),
    notification_pb2.NOTIFICATION_STATE_READ: (State.READ,),
    notification_pb2.NOTIFICATION_STATE_ARCHIVED: (State.ARCHIVED,),
}
NOTIFIED = (pb.OUTCOME_NOTIFIED, "You were notified.")
OUTCOMES = {
    State.DELETED: (pb.OUTCOME_DELETED, "You were notified, and deleted the notification."),
    State.TYPE_OFF: (pb.OUTCOME_TYPE_OFF, "Your preferences kept notifications of this type out of the inbox."),
    State.OWN_ACTION: (pb.OUTCOME_OWN_ACTION, "You did it yourself, and your preferences keep own actions out of the inbox."),
}
TASK_EVENT = task_events_pb2.DESCRIPTOR.message_types_by_name["TaskEvent"].full_name


def change_of(event: Event) -> TaskChange:
    """The change that the event tells of. Raises MalformedEventError."""
    if event.schema != TASK_EVENT or event.type not in TYPES:
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
        time=in_milliseconds(event.time),
        task_id=payload.task.id,
        task_title=payload.task.title,
        task_status=_status_word(payload.task.status),
        actor_id=payload.actor_id,
        actor_name=payload.actor_name,
        owner_id=payload.task.owner_id,
        changed_fields=tuple(payload.updated.changed_fields),
        assignee_id=payload.task.assignee_id,
        assignee_name=payload.assignee_name,
        previous_assignee_id=payload.previous_assignee_id,
        due_time=from_timestamp(payload.task.due_time) if payload.task.HasField("due_time") else None,
        excerpt=payload.commented.excerpt,
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
        seen_time=_timestamp(notification.seen_time),
        read_time=_timestamp(notification.read_time),
        archive_time=_timestamp(notification.archive_time),
    )


def page_to_proto(page: Page) -> pb.ListNotificationsResponse:
    notifications = [notification_to_proto(each) for each in page.notifications]
    return pb.ListNotificationsResponse(notifications=notifications, next_page_token=page.next_page_token)


def news_to_proto(news: News) -> pb.ListNewNotificationsResponse:
    notifications = [notification_to_proto(each) for each in news.page.notifications]
    return pb.ListNewNotificationsResponse(
        notifications=notifications, next_page_token=news.page.next_page_token, position=news.position
    )


def question_of(request: pb.ListNotificationsRequest) -> Question:
    """Which notifications the request asks for. Raises ServiceError(INVALID_ARGUMENT) for types that do not exist."""
    for index, name in enumerate(request.type):
        _check_type(f"type[{index}]", name)
    return Question(STATES[request.state], tuple(request.type))


def changes_of(request: pb.SetPreferencesRequest) -> dict[str, Any]:
    """The values that the request's mask names; validation let no others into the mask. Without one all of them, as who called
    before there were masks wants it. Raises ServiceError(INVALID_ARGUMENT) for types that do not exist, or are there twice."""
    changes: dict[str, Any] = {}
    for name in request.update_mask.paths if request.HasField("update_mask") else WRITABLE:
        changes |= WRITABLE[name](request.preferences)
    return changes


def _types_off(message: preferences_pb2.Preferences) -> dict[str, Any]:
    names = [each.type for each in message.types]
    for index, name in enumerate(names):
        field = f"preferences.types[{index}].type"
        _check_type(field, name)
        if name in names[:index]:
            raise _invalid(field, "is there twice")
    return {"off": frozenset(each.type for each in message.types if each.HasField("inbox") and not each.inbox)}


def _own_actions(message: preferences_pb2.Preferences) -> dict[str, Any]:
    return {"own_actions": message.own_actions or not message.HasField("own_actions")}


# What users may set, and what it is in the model. What is not said is on.
WRITABLE: Mapping[str, Callable[[preferences_pb2.Preferences], dict[str, Any]]] = {
    "types": _types_off,
    "own_actions": _own_actions,
}


def preferences_to_proto(preferences: Preferences) -> preferences_pb2.Preferences:
    types = [preferences_pb2.TypePreference(type=name, inbox=name not in preferences.off) for name in TYPES]
    return preferences_pb2.Preferences(types=types, own_actions=preferences.own_actions, etag=preferences.etag)


def explanation_of(notification: Notification | None) -> pb.ExplainNotificationResponse:
    if notification is None:
        return pb.ExplainNotificationResponse(
            outcome=pb.OUTCOME_NOT_CONCERNED, explanation="No such event concerned you, or it has not arrived yet."
        )
    outcome, explanation = OUTCOMES.get(notification.state, NOTIFIED)
    shown = notification.kept_out is None
    return pb.ExplainNotificationResponse(
        outcome=outcome, explanation=explanation, notification_id=notification.id if shown else ""
    )


def _check_type(field: str, name: str) -> None:
    if name not in TYPES:
        raise _invalid(field, f"must be one of: {', '.join(TYPES)}")


def _invalid(field: str, problem: str) -> ServiceError:
    return ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=[FieldError(field, problem)])


def _status_word(status: task_pb2.Status.ValueType) -> str:
    return task_pb2.Status.Name(status).removeprefix("STATUS_").lower() if status in task_pb2.Status.values() else ""


def _timestamp(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else to_timestamp(moment)
