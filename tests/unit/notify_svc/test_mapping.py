"""Notifications between the model, the contract and the events."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from unified.task.v1 import task_events_pb2, task_pb2

from mesh.events import Event, MalformedEventError
from notify_svc.mapping import change_of, notification_to_proto
from notify_svc.model import Notification, TaskChange
from tests.task_events import ACTOR_ID, TASK_ID, task_event


@pytest.mark.parametrize(
    ("kind", "changed"), [("created", ()), ("updated", ("status", "title")), ("deleted", ()), ("restored", ())]
)
def test_an_event_is_understood(kind: str, changed: tuple[str, ...]) -> None:
    event = task_event(kind, "ada", title="Ship \N{ROCKET}", changed_fields=changed)
    assert change_of(event) == TaskChange(
        event_id=event.id,
        type=f"task.{kind}",
        task_id=TASK_ID,
        task_title="Ship \N{ROCKET}",
        actor_id=ACTOR_ID,
        owner_id="ada",
        changed_fields=changed,
    )


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


def test_a_notification_is_answered_whole() -> None:
    noon = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
    proto = notification_to_proto(Notification("id", "ada", "event", "task.created", "title", "body", "task", "bob", noon))
    assert (proto.id, proto.type, proto.title, proto.body) == ("id", "task.created", "title", "body")
    assert (proto.task_id, proto.actor_id, proto.event_id) == ("task", "bob", "event")
    assert proto.create_time.ToDatetime(UTC) == noon
