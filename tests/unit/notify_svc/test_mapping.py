"""Notifications between the model, the contract and the events."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from unified.error.v1 import reason_pb2
from unified.notify.v1 import notification_pb2, preferences_pb2
from unified.notify.v1 import notification_service_pb2 as pb
from unified.task.v1 import task_events_pb2, task_pb2

from mesh.errors import ServiceError
from mesh.events import Event, MalformedEventError
from notify_svc.mapping import (
    change_of,
    changes_of,
    explanation_of,
    notification_to_proto,
    preferences_to_proto,
    question_of,
)
from notify_svc.model import TYPES, Notification, Preferences, State, TaskChange
from notify_svc.use_cases import Question
from tests.task_events import ACTOR_ID, TASK_ID, task_event


@pytest.mark.parametrize(
    ("kind", "changed"), [("created", ()), ("updated", ("status", "title")), ("deleted", ()), ("restored", ())]
)
def test_an_event_is_understood(kind: str, changed: tuple[str, ...]) -> None:
    event = task_event(kind, "ada", title="Ship \N{ROCKET}", status=task_pb2.STATUS_IN_PROGRESS, changed_fields=changed)
    assert change_of(event) == TaskChange(
        event_id=event.id,
        type=f"task.{kind}",
        time=event.time,
        task_id=TASK_ID,
        task_title="Ship \N{ROCKET}",
        task_status="in_progress",
        actor_id=ACTOR_ID,
        actor_name="Grace",
        owner_id="ada",
        changed_fields=changed,
    )


def test_an_event_says_whom_an_assignment_concerns() -> None:
    change = change_of(task_event("updated", "ada", assignee_id="bob", assignee_name="Bob", previous_assignee_id="eve"))
    assert (change.assignee_id, change.assignee_name, change.previous_assignee_id) == ("bob", "Bob", "eve")
    assert change.recipients() == ["ada", "bob", "eve"]


@pytest.mark.parametrize("kind", ["due_soon", "overdue"])
def test_an_event_that_nobody_made_is_understood(kind: str) -> None:
    change = change_of(task_event(kind, "ada", actor_id="", actor_name="", assignee_id="bob", due_time=NOON))
    assert (change.type, change.actor_id, change.due_time, change.recipients()) == (f"task.{kind}", "", NOON, ["ada", "bob"])


def test_a_comment_is_understood() -> None:
    change = change_of(task_event("commented", excerpt="Who tells them?"))
    assert (change.type, change.excerpt, change.task_id) == ("task.commented", "Who tells them?", TASK_ID)


def payload_of(event: Event) -> task_events_pb2.TaskEvent:
    return task_events_pb2.TaskEvent.FromString(event.data)


def without(event: Event, field: str) -> Event:
    payload = payload_of(event)
    payload.task.ClearField(field)  # type: ignore[arg-type]
    return replace(event, data=payload.SerializeToString())


EVENT = task_event("updated")
MALFORMED = {
    "an unknown type": replace(EVENT, type="task.exploded"),
    "another schema": replace(EVENT, schema="unified.task.v1.Task"),
    "no payload": replace(EVENT, data=b""),
    "a broken payload": replace(EVENT, data=EVENT.data[:-1]),
    "a payload of another type": replace(EVENT, data=task_event("created").data),
    "no task": replace(EVENT, data=task_events_pb2.TaskEvent(updated=task_events_pb2.TaskUpdated()).SerializeToString()),
    "no task id": without(EVENT, "id"),
    "no owner": without(EVENT, "owner_id"),
}


@pytest.mark.parametrize("event", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_cannot_be_told_is_malformed(event: Event) -> None:
    with pytest.raises(MalformedEventError):
        change_of(event)


def test_what_a_newer_sender_adds_is_ignored() -> None:
    newer = payload_of(EVENT).SerializeToString() + task_pb2.Task(etag="1").SerializeToString()
    assert change_of(replace(EVENT, data=newer)) == change_of(EVENT)


NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
NOTIFICATION = Notification("id", "ada", "event", "task.created", "title", "body", "task", "bob", NOON)


def test_a_status_that_is_not_known_yet_does_not_hold_up_the_event() -> None:
    assert change_of(task_event("created", status=77)).task_status == ""  # type: ignore[arg-type]


def test_a_notification_is_answered_whole() -> None:
    proto = notification_to_proto(NOTIFICATION)
    assert (proto.id, proto.type, proto.title, proto.body) == ("id", "task.created", "title", "body")
    assert (proto.task_id, proto.actor_id, proto.event_id) == ("task", "bob", "event")
    assert proto.create_time.ToDatetime(UTC) == NOON
    assert not any(proto.HasField(name) for name in ("seen_time", "read_time", "archive_time"))
    marked = notification_to_proto(replace(NOTIFICATION, seen_time=NOON, read_time=NOON, archive_time=NOON))
    assert marked.seen_time == marked.read_time == marked.archive_time == proto.create_time


def test_what_is_asked_for() -> None:
    request = pb.ListNotificationsRequest(state=notification_pb2.NOTIFICATION_STATE_READ, type=["task.created"])
    assert question_of(request) == Question((State.READ,), ("task.created",))
    assert question_of(pb.ListNotificationsRequest()) == Question((State.UNREAD, State.READ), ())


def changes(preferences: preferences_pb2.Preferences, *names: str) -> dict[str, Any]:
    return changes_of(pb.SetPreferencesRequest(preferences=preferences, update_mask=FieldMask(paths=names)))


def test_preferences_say_all_types_and_are_on_where_nothing_was_said() -> None:
    said = preferences_pb2.Preferences(
        types=[
            preferences_pb2.TypePreference(type="task.deleted", inbox=False),
            preferences_pb2.TypePreference(type="task.created", inbox=True),
            preferences_pb2.TypePreference(type="task.updated"),
        ]
    )
    assert changes(said, "types", "own_actions") == {"off": frozenset({"task.deleted"}), "own_actions": True}
    assert changes(preferences_pb2.Preferences(own_actions=False), "own_actions") == {"own_actions": False}
    assert changes(said) == {}
    shown = preferences_to_proto(Preferences(frozenset({"task.deleted"}), own_actions=False))
    assert {each.type: each.inbox for each in shown.types} == {name: name != "task.deleted" for name in TYPES}
    assert not shown.own_actions
    assert changes(shown, "types", "own_actions") == {"off": frozenset({"task.deleted"}), "own_actions": False}


@pytest.mark.parametrize(("types", "problem"), [(["task.exploded"], "must be one of"), (["task.created"] * 2, "is there twice")])
def test_preferences_name_each_type_that_there_is_once(types: list[str], problem: str) -> None:
    message = preferences_pb2.Preferences(types=[preferences_pb2.TypePreference(type=name) for name in types])
    with pytest.raises(ServiceError) as raised:
        changes(message, "types")
    (field,) = raised.value.fields
    assert raised.value.reason == reason_pb2.REASON_INVALID_ARGUMENT
    assert field.field == f"preferences.types[{len(types) - 1}].type"
    assert field.message.startswith(problem)


@pytest.mark.parametrize(
    ("notification", "outcome", "shown_id"),
    [
        (NOTIFICATION, pb.OUTCOME_NOTIFIED, "id"),
        (NOTIFICATION.read(NOON), pb.OUTCOME_NOTIFIED, "id"),
        (NOTIFICATION.archived(NOON), pb.OUTCOME_NOTIFIED, "id"),
        (NOTIFICATION.deleted(NOON), pb.OUTCOME_DELETED, ""),
        (replace(NOTIFICATION, kept_out=State.TYPE_OFF), pb.OUTCOME_TYPE_OFF, ""),
        (replace(NOTIFICATION, kept_out=State.OWN_ACTION), pb.OUTCOME_OWN_ACTION, ""),
        (None, pb.OUTCOME_NOT_CONCERNED, ""),
    ],
)
def test_what_became_of_an_event_is_explained(notification: Notification | None, outcome: int, shown_id: str) -> None:
    answer = explanation_of(notification)
    assert (answer.outcome, answer.notification_id) == (outcome, shown_id)
    assert answer.explanation
