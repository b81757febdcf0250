"""Tasks between the model, the contract and the events."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from unified.error.v1 import reason_pb2
from unified.task.v1 import history_pb2, task_events_pb2, task_pb2
from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.transfer_service_pb2 import ExportTasksRequest

from mesh.errors import FieldError, ServiceError
from mesh.events import Event
from mesh.identity import CALLER
from mesh.logs import request_id
from mesh.times import from_duration, from_timestamp, in_milliseconds, to_duration, to_timestamp
from mesh.tracing import traceparent
from task_svc.model import FieldChange, HistoryEntry, Kind, Priority, Status, Task, TaskEvent
from task_svc.schedule import Reminder
from task_svc.use_cases import HistoryPage, Order, Page, Question
from task_svc.words import words

Number = TypeVar("Number", bound=int)
Value = TypeVar("Value")

SOURCE = "task_svc"
STATUS_TO_PROTO = {status: task_pb2.Status.Value(f"STATUS_{status.name}") for status in Status}
STATUS_FROM_PROTO = {number: status for status, number in STATUS_TO_PROTO.items()}
PRIORITY_TO_PROTO = {priority: task_pb2.Priority.Value(f"PRIORITY_{priority.name}") for priority in Priority}
PRIORITY_FROM_PROTO = {number: priority for priority, number in PRIORITY_TO_PROTO.items()}

# What callers may set, and what each value is in the model. A field that is cleared falls back to its default.
WRITABLE: Mapping[str, Callable[[task_pb2.Task], Any]] = {
    "title": lambda task: task.title,
    "description": lambda task: task.description,
    "status": lambda task: STATUS_FROM_PROTO.get(task.status, Status.TODO),
    "priority": lambda task: PRIORITY_FROM_PROTO.get(task.priority, Priority.MEDIUM),
    "due_time": lambda task: in_milliseconds(from_timestamp(task.due_time)) if task.HasField("due_time") else None,
    "labels": lambda task: tuple(dict.fromkeys(task.labels)),
    "assignee_id": lambda task: task.assignee_id,
    "reminders": lambda task: tuple(dict.fromkeys(map(_reminder_of, task.reminders))),
}


def values_of(task: task_pb2.Task) -> dict[str, Any]:
    """All values that a caller may set."""
    return {name: read(task) for name, read in WRITABLE.items()}


def _reminder_of(reminder: task_pb2.Reminder) -> Reminder:
    if reminder.HasField("at"):
        return Reminder(at=in_milliseconds(from_timestamp(reminder.at)))
    return Reminder(before=from_duration(reminder.before))


def changes_of(request: pb.UpdateTaskRequest) -> dict[str, Any]:
    """The values that the request's mask names; validation let no others into the mask."""
    return {name: WRITABLE[name](request.task) for name in request.update_mask.paths}


def question_of(request: pb.ListTasksRequest | ExportTasksRequest) -> Question:
    """Which tasks the request asks for. Raises ServiceError(INVALID_ARGUMENT)."""
    order, _, direction = request.order_by.partition(" ")
    wanted = words(request.q)
    if request.q and not wanted:
        raise _invalid("q", "must have a letter or a digit")
    return Question(
        statuses=_stated("status", request.status, STATUS_FROM_PROTO),
        priorities=_stated("priority", request.priority, PRIORITY_FROM_PROTO),
        labels=tuple(sorted(set(request.label))),
        words=tuple(sorted(wanted)),
        due_after=from_timestamp(request.due_after) if request.HasField("due_after") else None,
        due_before=from_timestamp(request.due_before) if request.HasField("due_before") else None,
        order=Order(order) if order else Order.CREATE_TIME,
        descending=direction == "desc" or not order,
    )


def _stated(field: str, numbers: Sequence[Number], known: Mapping[Number, Value]) -> tuple[Value, ...]:
    """The values of a filter, each once, in an order of their own: the same question in other words has the same pages."""
    for index, number in enumerate(numbers):
        if number not in known:
            raise _invalid(f"{field}[{index}]", "must be stated")
    return tuple(known[number] for number in sorted(set(numbers)))


def _invalid(field: str, problem: str) -> ServiceError:
    problems = [FieldError(field, problem)]
    return ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=problems)


def task_to_proto(task: Task) -> task_pb2.Task:
    return task_pb2.Task(
        id=task.id,
        title=task.title,
        description=task.description,
        status=STATUS_TO_PROTO[task.status],
        priority=PRIORITY_TO_PROTO[task.priority],
        due_time=None if task.due_time is None else to_timestamp(task.due_time),
        labels=task.labels,
        owner_id=task.owner_id,
        assignee_id=task.assignee_id,
        create_time=to_timestamp(task.create_time),
        update_time=to_timestamp(task.update_time),
        complete_time=None if task.complete_time is None else to_timestamp(task.complete_time),
        etag=task.etag,
        reminders=map(_reminder_to_proto, task.reminders),
    )


def _reminder_to_proto(reminder: Reminder) -> task_pb2.Reminder:
    if reminder.at is not None:
        return task_pb2.Reminder(at=to_timestamp(reminder.at))
    return task_pb2.Reminder(before=to_duration(reminder.before or timedelta()))


def page_to_proto(page: Page) -> pb.ListTasksResponse:
    tasks = [task_to_proto(task) for task in page.tasks]
    return pb.ListTasksResponse(tasks=tasks, next_page_token=page.next_page_token)


def event_to_envelope(event: TaskEvent) -> Event:
    payload = task_events_pb2.TaskEvent(
        actor_id=event.actor_id,
        task=task_to_proto(event.task),
        previous_assignee_id=event.previous_assignee_id,
        assignee_name=event.assignee_name,
    )
    if caller := CALLER.get():
        payload.actor_name = caller.name
    match event.kind:
        case Kind.CREATED:
            payload.created.SetInParent()
        case Kind.UPDATED:
            payload.updated.changed_fields.extend(each.field for each in event.changes)
            payload.updated.changes.extend(map(_change_to_proto, event.changes))
        case Kind.DELETED:
            payload.deleted.SetInParent()
        case Kind.RESTORED:
            payload.restored.SetInParent()
        case Kind.DUE_SOON:
            payload.due_soon.SetInParent()
        case Kind.OVERDUE:
            payload.overdue.SetInParent()
    return Event(
        id=event.id,
        type=f"task.{event.kind}",
        source=SOURCE,
        subject=event.task.id,
        time=event.time or event.task.update_time,
        sequence=event.task.version,
        schema=payload.DESCRIPTOR.full_name,
        data=payload.SerializeToString(),
        request_id=request_id.get(),
        traceparent=traceparent.get(),
    )


def entry_of(event: Event) -> HistoryEntry:
    """What the event leaves on record."""
    payload = task_events_pb2.TaskEvent.FromString(event.data)
    changes = tuple(FieldChange(each.field, each.before, each.after) for each in payload.updated.changes)
    return HistoryEntry(event.id, event.type, payload.actor_id, event.time, event.sequence, changes)


def history_to_proto(page: HistoryPage) -> pb.ListTaskHistoryResponse:
    entries = [_entry_to_proto(entry) for entry in page.entries]
    return pb.ListTaskHistoryResponse(entries=entries, next_page_token=page.next_page_token)


def _entry_to_proto(entry: HistoryEntry) -> history_pb2.HistoryEntry:
    return history_pb2.HistoryEntry(
        event_id=entry.event_id,
        type=entry.type,
        actor_id=entry.actor_id,
        time=to_timestamp(entry.time),
        version=entry.version,
        changes=[history_pb2.FieldChange(field=each.field, before=each.before, after=each.after) for each in entry.changes],
    )


def _change_to_proto(change: FieldChange) -> history_pb2.FieldChange:
    """In the words of clients: as REST names the field and writes its values."""
    name = task_pb2.Task.DESCRIPTOR.fields_by_name[change.field].json_name
    return history_pb2.FieldChange(field=name, before=_as_text(change.before), after=_as_text(change.after))


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return to_timestamp(value).ToJsonString()
        case tuple():
            return ", ".join(map(_as_text, value))
        case timedelta():
            return to_duration(value).ToJsonString()
        case Reminder():
            return f"at {_as_text(value.at)}" if value.before is None else f"before {_as_text(value.before)}"
        case _:
            return str(value)
