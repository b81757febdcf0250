"""Events as the task service sends them, for tests of those who take them."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from unified.task.v1 import task_events_pb2, task_pb2

from mesh.events import Event
from mesh.times import to_timestamp

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
TASK_ID = "665f1f77bcf86cd799439021"
ACTOR_ID = "665f1f77bcf86cd799439011"


def task_event(
    kind: str,
    owner_id: str = ACTOR_ID,
    *,
    title: str = "Ship it",
    status: task_pb2.Status.ValueType = task_pb2.STATUS_TODO,
    changed_fields: Sequence[str] = (),
    excerpt: str = "",
    event_id: str = "",
    actor_id: str = ACTOR_ID,
    actor_name: str = "Grace",
    assignee_id: str = "",
    assignee_name: str = "",
    previous_assignee_id: str = "",
    due_time: datetime | None = None,
) -> Event:
    """What Grace did, or what happened ("created", "overdue" ...) to a task of this owner."""
    task = task_pb2.Task(id=TASK_ID, title=title, owner_id=owner_id, status=status, assignee_id=assignee_id)
    if due_time:
        task.due_time.CopyFrom(to_timestamp(due_time))
    payload = task_events_pb2.TaskEvent(actor_id=actor_id, actor_name=actor_name, task=task)
    payload.assignee_name, payload.previous_assignee_id = assignee_name, previous_assignee_id
    getattr(payload, kind).SetInParent()
    if changed_fields:
        payload.updated.changed_fields.extend(changed_fields)
    if excerpt:
        payload.commented.excerpt = excerpt
    return Event(
        id=event_id or str(uuid.uuid4()),
        type=f"task.{kind}",
        source="task_svc",
        subject=TASK_ID,
        time=NOON,
        sequence=1,
        schema=payload.DESCRIPTOR.full_name,
        data=payload.SerializeToString(),
        request_id="request-7",
    )
