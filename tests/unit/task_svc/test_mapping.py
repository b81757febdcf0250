"""Tasks between the model, the contract and the events."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from unified.task.v1 import task_events_pb2, task_pb2
from unified.task.v1 import task_service_pb2 as pb

from mesh.events import Event
from mesh.logs import request_id
from mesh.times import in_milliseconds
from task_svc.mapping import WRITABLE, changes_of, entry_of, event_to_envelope, page_to_proto, task_to_proto, values_of
from task_svc.model import FieldChange, HistoryEntry, Kind, Priority, Status, Task, TaskEvent
from task_svc.schedule import Reminder
from task_svc.use_cases import Page

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
moments = st.datetimes(timezones=st.just(UTC)).map(in_milliseconds)
lengths = st.integers(0, 365 * 86_400_000).map(lambda number: timedelta(milliseconds=number))
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.fixed_dictionaries(
    {
        "title": texts,
        "description": texts,
        "status": st.sampled_from(Status),
        "priority": st.sampled_from(Priority),
        "due_time": st.none() | moments,
        "labels": st.lists(texts, unique=True).map(tuple),
        "assignee_id": texts,
        "reminders": st.lists(st.builds(Reminder, before=lengths) | st.builds(Reminder, at=moments), unique=True).map(tuple),
    }
)
tasks = st.builds(
    lambda values, **fields: Task(**values, **fields),
    values,
    id=texts,
    owner_id=texts,
    create_time=moments,
    update_time=moments,
    complete_time=st.none() | moments,
    version=st.integers(1, 2**40),
)


def the_same_on_the_wire(task: Task) -> task_pb2.Task:
    return task_pb2.Task.FromString(task_to_proto(task).SerializeToString())


@given(tasks)
def test_what_callers_may_set_survives_the_wire(task: Task) -> None:
    received = the_same_on_the_wire(task)
    assert values_of(received) == {name: getattr(task, name) for name in WRITABLE}


@given(tasks)
def test_what_the_service_sets_is_answered(task: Task) -> None:
    received = the_same_on_the_wire(task)
    assert (received.id, received.owner_id, received.etag) == (task.id, task.owner_id, str(task.version))
    assert received.create_time.ToDatetime(UTC) == task.create_time
    assert received.update_time.ToDatetime(UTC) == task.update_time
    assert received.HasField("complete_time") == (task.complete_time is not None)
    assert task.complete_time is None or received.complete_time.ToDatetime(UTC) == task.complete_time


def test_every_field_that_is_not_the_services_is_writable() -> None:
    set_by_the_service = {"id", "owner_id", "create_time", "update_time", "complete_time", "etag"}
    assert set(WRITABLE) == {field.name for field in task_pb2.Task.DESCRIPTOR.fields} - set_by_the_service


@pytest.mark.parametrize(
    ("name", "cleared"),
    [
        ("title", ""),
        ("description", ""),
        ("status", Status.TODO),
        ("priority", Priority.MEDIUM),
        ("due_time", None),
        ("labels", ()),
        ("assignee_id", ""),
        ("reminders", ()),
    ],
)
def test_what_is_named_but_not_set_falls_back_to_its_default(name: str, cleared: Any) -> None:
    request = pb.UpdateTaskRequest()
    request.update_mask.paths.append(name)
    assert changes_of(request) == {name: cleared}
    assert values_of(task_pb2.Task())[name] == cleared


def test_only_what_the_mask_names_changes() -> None:
    request = pb.UpdateTaskRequest(task=task_pb2.Task(title="Ship it", description="now", labels=["a", "b", "a"]))
    assert changes_of(request) == {}
    request.update_mask.paths.extend(["labels", "title"])
    assert changes_of(request) == {"labels": ("a", "b"), "title": "Ship it"}


def test_a_due_time_is_kept_in_milliseconds() -> None:
    task = task_pb2.Task(due_time=Timestamp(seconds=1, nanos=234_567_890))
    assert values_of(task)["due_time"] == datetime(1970, 1, 1, 0, 0, 1, 234_000, UTC)


def test_reminders_are_kept_in_milliseconds_each_once() -> None:
    lengths = [Duration(seconds=1, nanos=nanos) for nanos in (234_567_890, 234_000_000)]
    at = task_pb2.Reminder(at=Timestamp(seconds=1, nanos=234_567_890))
    task = task_pb2.Task(reminders=[*(task_pb2.Reminder(before=length) for length in lengths), at])
    assert values_of(task)["reminders"] == (
        Reminder(before=timedelta(seconds=1, milliseconds=234)),
        Reminder(at=datetime(1970, 1, 1, 0, 0, 1, 234_000, UTC)),
    )


@pytest.mark.parametrize("token", ["next", None])
def test_the_last_page_has_no_token(token: str | None) -> None:
    page = page_to_proto(Page([], token))
    assert page.HasField("next_page_token") == (token is not None)
    assert page.next_page_token == (token or "")


TASK = Task("665f1f77bcf86cd799439021", "ada", title="Ship it", create_time=NOON, update_time=NOON, version=3)


def an_envelope(kind: Kind, *changes: FieldChange) -> tuple[Event, task_events_pb2.TaskEvent]:
    token = request_id.set("request-7")
    try:
        envelope = event_to_envelope(TaskEvent("event-1", kind, TASK, "bob", changes))
    finally:
        request_id.reset(token)
    return envelope, task_events_pb2.TaskEvent.FromString(envelope.data)


@pytest.mark.parametrize("kind", Kind)
def test_an_event_says_what_happened_to_what_and_why(kind: Kind) -> None:
    envelope, payload = an_envelope(kind)
    assert envelope == Event(
        id="event-1",
        type=f"task.{kind}",
        source="task_svc",
        subject=TASK.id,
        time=NOON,
        sequence=3,
        schema="unified.task.v1.TaskEvent",
        data=payload.SerializeToString(),
        request_id="request-7",
    )
    assert (payload.actor_id, payload.task, payload.WhichOneof("kind")) == ("bob", task_to_proto(TASK), kind)


CHANGES = {
    FieldChange("title", "Ship it", "Ship, it"): ("title", "Ship it", "Ship, it"),
    FieldChange("status", Status.TODO, Status.IN_PROGRESS): ("status", "todo", "in_progress"),
    FieldChange("priority", Priority.LOW, Priority.URGENT): ("priority", "low", "urgent"),
    FieldChange("due_time", None, NOON): ("dueTime", "", "2026-01-02T12:00:00Z"),
    FieldChange("due_time", NOON.replace(year=1, microsecond=5000), None): ("dueTime", "0001-01-02T12:00:00.005Z", ""),
    FieldChange("labels", ("a", "b"), ()): ("labels", "a, b", ""),
    FieldChange("assignee_id", "", "bob"): ("assigneeId", "", "bob"),
    FieldChange("reminders", (), (Reminder(before=timedelta(hours=1, milliseconds=5)), Reminder(at=NOON))): (
        "reminders",
        "",
        "before 3600.005s, at 2026-01-02T12:00:00Z",
    ),
}


def test_an_update_says_what_changed_in_the_words_of_clients() -> None:
    envelope, payload = an_envelope(Kind.UPDATED, *CHANGES)
    assert list(payload.updated.changed_fields) == [change.field for change in CHANGES]
    shown = [(each.field, each.before, each.after) for each in payload.updated.changes]
    assert shown == list(CHANGES.values())
    changes = tuple(FieldChange(*each) for each in shown)
    assert entry_of(envelope) == HistoryEntry("event-1", "task.updated", "bob", NOON, 3, changes)


def test_an_event_says_who_was_assigned_and_who_was_before() -> None:
    change = FieldChange("assignee_id", "bob", "eve")
    event = TaskEvent("event-1", Kind.UPDATED, replace(TASK, assignee_id="eve"), "ada", (change,), "Eve")
    payload = task_events_pb2.TaskEvent.FromString(event_to_envelope(event).data)
    assert (payload.task.assignee_id, payload.assignee_name, payload.previous_assignee_id) == ("eve", "Eve", "bob")
    _, other = an_envelope(Kind.UPDATED, FieldChange("title", "Ship it", "Ship, it"))
    assert (other.assignee_name, other.previous_assignee_id) == ("", "")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UPDATED])
def test_other_events_leave_an_entry_without_changes(kind: Kind) -> None:
    envelope, _ = an_envelope(kind)
    assert entry_of(envelope) == HistoryEntry("event-1", f"task.{kind}", "bob", NOON, 3)


def test_what_fires_has_a_time_of_its_own() -> None:
    event = TaskEvent("event-1", Kind.OVERDUE, TASK, actor_id="", time=NOON + timedelta(days=1))
    assert event_to_envelope(event).time == NOON + timedelta(days=1)


def test_an_envelope_survives_the_wire_and_the_outbox() -> None:
    envelope, _ = an_envelope(Kind.CREATED)
    assert Event.from_headers(envelope.to_headers(), envelope.data) == envelope
    assert Event.from_document(envelope.to_document()) == envelope
    assert all(re.fullmatch(r"cloudEvents_[a-z]+", name) for name in envelope.to_headers())
