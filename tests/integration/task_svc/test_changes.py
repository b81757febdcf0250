"""Changing tasks, over gRPC: only what is named, only what was read, and nothing that others changed is lost."""

import asyncio
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb

from tests.integration.task_svc.person import TIMEOUT_S, Person
from tests.refusals import refused

DUE = Timestamp(seconds=1893456000, nanos=123_000_000)
EVERYTHING: dict[str, Any] = {
    "title": "Ship it",
    "description": "to everyone",
    "status": task_pb2.STATUS_IN_PROGRESS,
    "priority": task_pb2.PRIORITY_HIGH,
    "due_time": DUE,
    "labels": ["a", "b"],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Ship it today"),
        ("description", "to some"),
        ("status", task_pb2.STATUS_BLOCKED),
        ("priority", task_pb2.PRIORITY_LOW),
        ("due_time", Timestamp(seconds=1)),
        ("labels", ["c"]),
    ],
)
async def test_a_change_touches_what_the_mask_names(field: str, value: Any, ada: Person) -> None:
    task = await ada.create(**EVERYTHING)
    changed = await ada.change(task.id, **{field: value})
    expected = task_pb2.Task(**{**EVERYTHING, field: value}, id=task.id, owner_id=ada.user_id, create_time=task.create_time)
    expected.MergeFrom(task_pb2.Task(etag="2", update_time=changed.update_time))
    assert changed == expected
    assert changed.update_time.ToMilliseconds() >= task.update_time.ToMilliseconds()
    assert await ada.get(task.id) == changed


async def test_what_is_named_but_not_sent_is_cleared(ada: Person) -> None:
    task = await ada.create(**EVERYTHING)
    changed = await ada.change(task.id, description=None, due_time=None, labels=None, priority=None)
    assert (changed.description, list(changed.labels), changed.priority) == ("", [], task_pb2.PRIORITY_MEDIUM)
    assert not changed.HasField("due_time")
    assert changed.title == "Ship it"


async def test_a_title_cannot_be_cleared(ada: Person) -> None:
    task = await ada.create()
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.change(task.id, title=None)
    assert refusal.fields == ["task.title"]


async def test_a_change_to_the_same_is_none(ada: Person) -> None:
    task = await ada.create(**EVERYTHING)
    assert await ada.change(task.id, **EVERYTHING) == task
    assert await ada.change(task.id) == task


async def test_what_no_mask_names_is_not_changed(ada: Person) -> None:
    task = await ada.create()
    request = pb.UpdateTaskRequest(id=task.id, task=task_pb2.Task(title="other"))
    assert (await ada.stub.UpdateTask(request, metadata=ada.metadata, timeout=TIMEOUT_S)).task == task


async def test_a_mask_must_name_fields(ada: Person) -> None:
    task = await ada.create()
    request = pb.UpdateTaskRequest(id=task.id, task=task_pb2.Task(title="other"))
    request.update_mask.paths.extend(["title", "colour", "due_time.seconds"])
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.stub.UpdateTask(request, metadata=ada.metadata, timeout=TIMEOUT_S)
    assert refusal.fields == ["update_mask", "update_mask"]


async def test_a_task_is_completed_and_reopened(ada: Person) -> None:
    task = await ada.create()
    done = await ada.change(task.id, status=task_pb2.STATUS_DONE)
    assert done.complete_time == done.update_time
    renamed = await ada.change(task.id, title="Shipped")
    assert renamed.complete_time == done.complete_time
    reopened = await ada.change(task.id, status=task_pb2.STATUS_TODO)
    assert not reopened.HasField("complete_time")


async def test_an_illegal_transition_is_refused_whole(ada: Person) -> None:
    task = await ada.create(status=task_pb2.STATUS_CANCELLED)
    with refused(reason_pb2.REASON_ILLEGAL_TRANSITION) as refusal:
        await ada.change(task.id, status=task_pb2.STATUS_DONE, title="Shipped")
    assert "cancelled cannot become done" in refusal.errors[0].message
    assert await ada.get(task.id) == task


async def test_a_stale_etag_is_refused(ada: Person) -> None:
    task = await ada.create()
    changed = await ada.change(task.id, task.etag, title="second")
    for stale in (task.etag, "nonsense"):
        with refused(reason_pb2.REASON_ETAG_MISMATCH):
            await ada.change(task.id, stale, title="third")
        with refused(reason_pb2.REASON_ETAG_MISMATCH):
            await ada.delete(task.id, stale)
    assert await ada.get(task.id) == changed
    await ada.delete(task.id, changed.etag)


async def test_of_many_who_change_what_they_read_one_does(ada: Person) -> None:
    task = await ada.create()
    attempts = [ada.change(task.id, task.etag, title=f"title {number}") for number in range(20)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, task_pb2.Task)]) == 1
    assert (await ada.get(task.id)).etag == "2"


async def test_of_many_changes_at_once_without_an_etag_none_is_lost(ada: Person) -> None:
    task = await ada.create()
    changed = await asyncio.gather(*(ada.change(task.id, title=f"title {number}") for number in range(20)))
    assert sorted(int(each.etag) for each in changed) == list(range(2, 22))
    assert len({each.title for each in changed}) == 20
    assert await ada.get(task.id) == max(changed, key=lambda each: int(each.etag))


async def test_of_many_who_change_different_fields_at_once_each_keeps_theirs(ada: Person) -> None:
    task = await ada.create()
    await asyncio.gather(*(ada.change(task.id, **{name: value}) for name, value in EVERYTHING.items()))
    changed = await ada.get(task.id)
    assert {name: getattr(changed, name) for name in EVERYTHING} == EVERYTHING


async def test_of_many_who_delete_a_task_one_does(ada: Person) -> None:
    task = await ada.create()
    outcomes = await asyncio.gather(*(ada.delete(task.id) for _ in range(8)), return_exceptions=True)
    assert outcomes.count(None) == 1
