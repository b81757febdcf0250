"""Several changes of tasks at once, over gRPC: all of them or none, in their order."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId
from google.protobuf.field_mask_pb2 import FieldMask
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb

from mesh.mongo import Document
from mesh.outbox import MOST_PENDING
from tests.integration.task_svc.person import Person
from tests.refusals import refused

UNKNOWN = "665f1f77bcf86cd799439021"


def create(title: str = "Ship it", **fields: Any) -> pb.TaskOperation:
    return pb.TaskOperation(create=task_pb2.Task(title=title, **fields))


def update(task_id: str, etag: str = "", **fields: Any) -> pb.TaskOperation:
    task = task_pb2.Task(**{name: value for name, value in fields.items() if name in task_pb2.Task.DESCRIPTOR.fields_by_name})
    change = pb.UpdateTaskRequest(id=task_id, task=task, update_mask=FieldMask(paths=list(fields)), etag=etag)
    return pb.TaskOperation(update=change)


def delete(task_id: str, etag: str = "") -> pb.TaskOperation:
    return pb.TaskOperation(delete=pb.DeleteTaskRequest(id=task_id, etag=etag))


async def announced(database: AsyncDatabase[Document]) -> list[tuple[str, str, int]]:
    """The subject, type and sequence of every event that waits."""
    documents = await database["tasks"].find().sort("_id").to_list()
    return [(each["subject"], each["type"], each["sequence"]) for document in documents for each in document["outbox"]]


async def test_each_operation_is_done_and_announced_in_its_order(ada: Person, database: AsyncDatabase[Document]) -> None:
    kept, dropped = await ada.create("keep", labels=["a"]), await ada.create("drop")
    made, changed, deleted = await ada.batch(
        create("new", priority=task_pb2.PRIORITY_HIGH),
        update(kept.id, kept.etag, title="kept", labels=None),
        delete(dropped.id, dropped.etag),
    )
    assert (made.task.title, made.task.priority, made.task.owner_id) == ("new", task_pb2.PRIORITY_HIGH, ada.user_id)
    assert (changed.task.title, list(changed.task.labels), changed.task.etag) == ("kept", [], "2")
    assert deleted == pb.TaskOperationResult(deleted_id=dropped.id)
    assert list((await ada.page()).tasks) == [made.task, changed.task]
    assert await announced(database) == [
        (kept.id, "task.created", 1),
        (kept.id, "task.updated", 2),
        (dropped.id, "task.created", 1),
        (dropped.id, "task.deleted", 2),
        (made.task.id, "task.created", 1),
    ]


async def test_operations_on_one_task_build_on_each_other(ada: Person) -> None:
    task = await ada.create(status=task_pb2.STATUS_BLOCKED)
    steps = [task_pb2.STATUS_IN_PROGRESS, task_pb2.STATUS_DONE]
    results = await ada.batch(*(update(task.id, str(1 + index), status=status) for index, status in enumerate(steps)))
    assert [(result.task.status, result.task.etag) for result in results] == [(steps[0], "2"), (steps[1], "3")]
    with refused(reason_pb2.REASON_TASK_NOT_FOUND) as refusal:
        await ada.batch(delete(task.id), update(task.id, title="gone"))
    assert refusal.fields == ["operations[1].update.id"]
    assert [entry.version for entry in (await ada.history(task.id)).entries] == [3, 2, 1]
    assert await ada.get(task.id) == results[1].task


async def test_of_a_batch_with_a_bad_operation_nothing_happens(
    ada: Person, bob: Person, database: AsyncDatabase[Document]
) -> None:
    done, bobs = await ada.create(status=task_pb2.STATUS_DONE), await bob.create()
    before = await announced(database)
    invalid, not_found = reason_pb2.REASON_INVALID_ARGUMENT, reason_pb2.REASON_TASK_NOT_FOUND
    stale, illegal = reason_pb2.REASON_ETAG_MISMATCH, reason_pb2.REASON_ILLEGAL_TRANSITION
    for bad, reason, field in (
        (create(""), invalid, ".create.title"),
        (create(id=UNKNOWN), invalid, ".create.id"),
        (update(done.id, title=""), invalid, ".update.task.title"),
        (update(done.id, owner_id="me"), invalid, ".update.task.owner_id"),
        (update(done.id, colour="red"), invalid, ".update.update_mask"),
        (update("", title="x"), invalid, ".update.id"),
        (delete(""), invalid, ".delete.id"),
        (pb.TaskOperation(), invalid, ""),
        (update(UNKNOWN, title="x"), not_found, ".update.id"),
        (delete("nonsense"), not_found, ".delete.id"),
        (update(bobs.id, title="mine"), not_found, ".update.id"),
        (delete(bobs.id), not_found, ".delete.id"),
        (update(done.id, "7", title="x"), stale, ".update.etag"),
        (delete(done.id, "7"), stale, ".delete.etag"),
        (update(done.id, status=task_pb2.STATUS_BLOCKED), illegal, ".update.task.status"),
    ):
        with refused(reason) as refusal:
            await ada.batch(update(done.id, title="first"), bad, create("last"))
        assert refusal.fields == [f"operations[1]{field}"]
    assert await announced(database) == before
    assert list((await ada.page()).tasks) == [done]
    assert await bob.get(bobs.id) == bobs


async def test_a_batch_that_one_task_cannot_take_fails_whole(ada: Person, database: AsyncDatabase[Document]) -> None:
    task, other = await ada.create(), await ada.create()
    waiting = [{"id": str(number)} for number in range(MOST_PENDING - 1)]
    await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$set": {"outbox": waiting}})
    with refused(reason_pb2.REASON_OVERLOADED) as refusal:
        await ada.batch(update(other.id, title="x"), update(task.id, title="fits"), update(task.id, title="does not"))
    assert refusal.errors[0].retry_after_s
    assert refusal.fields == ["operations[2].update"]
    assert [await ada.get(each.id) for each in (task, other)] == [task, other]


@pytest.mark.parametrize("count", [0, 101])
async def test_a_batch_has_one_to_a_hundred_operations(count: int, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.batch(*[create()] * count)
    assert refusal.fields == ["operations"]


async def test_under_a_key_a_batch_has_one_effect(ada: Person) -> None:
    key = (("idempotency-key", "of-this-batch"),)
    operations = [create(f"task {number}") for number in range(100)]
    first = await ada.batch(*operations, metadata=key)
    assert await ada.batch(*operations, metadata=key) == first
    assert list((await ada.page()).tasks) == [result.task for result in reversed(first)]
    with refused(reason_pb2.REASON_IDEMPOTENCY_KEY_REUSED):
        await ada.batch(create(), metadata=key)


async def test_batches_that_meet_lose_nothing(ada: Person) -> None:
    tasks = [await ada.create() for _ in range(5)]
    titles = [f"title {number}" for number in range(8)]
    await asyncio.gather(*(ada.batch(*(update(task.id, title=title) for task in tasks)) for title in titles))
    ends = [await ada.get(task.id) for task in tasks]
    assert {end.etag for end in ends} == {"9"}
    # Each is one step for all of its tasks, so all end with the same.
    assert len({end.title for end in ends}) == 1
