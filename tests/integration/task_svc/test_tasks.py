"""Making, reading and deleting tasks, over gRPC."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from google.protobuf.timestamp_pb2 import Timestamp
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb

from tests.callers import signed_in
from tests.integration.task_svc.person import TIMEOUT_S, Person
from tests.refusals import refused

DUE = Timestamp(seconds=1893456000, nanos=123_000_000)
NO_IDS = ["1", "not an id", "665f1f77bcf86cd79943902", "665f1f77bcf86cd79943902g", "665f1f77bcf86cd799439021\0"]


async def test_a_new_task_has_defaults(ada: Person) -> None:
    before = datetime.now(UTC)
    task = await ada.create("Ship it")
    assert (task.title, task.description, list(task.labels)) == ("Ship it", "", [])
    assert (task.status, task.priority) == (task_pb2.STATUS_TODO, task_pb2.PRIORITY_MEDIUM)
    assert (task.owner_id, task.etag) == (ada.user_id, "1")
    assert not task.HasField("due_time")
    assert not task.HasField("complete_time")
    assert task.create_time == task.update_time
    assert abs(task.create_time.ToDatetime(UTC) - before).total_seconds() < TIMEOUT_S


async def test_a_task_reads_back_as_it_was_made(ada: Person) -> None:
    task = await ada.create(
        "Ship \N{ROCKET}",
        description="to everyone\n" * 3,
        status=task_pb2.STATUS_BLOCKED,
        priority=task_pb2.PRIORITY_URGENT,
        due_time=DUE,
        labels=["b", "a", "b"],
    )
    assert (task.status, task.priority, task.due_time) == (task_pb2.STATUS_BLOCKED, task_pb2.PRIORITY_URGENT, DUE)
    assert list(task.labels) == ["b", "a"]
    assert await ada.get(task.id) == task
    assert list((await ada.page()).tasks) == [task]


async def test_a_task_that_is_made_as_done_was_completed_then(ada: Person) -> None:
    task = await ada.create(status=task_pb2.STATUS_DONE)
    assert task.complete_time == task.create_time


@pytest.mark.parametrize("seconds", [-62_135_596_800, 0, 253_402_300_799], ids=["year 1", "1970", "year 9999"])
async def test_a_due_time_may_lie_in_any_year(seconds: int, ada: Person) -> None:
    task = await ada.create(due_time=Timestamp(seconds=seconds))
    assert (await ada.get(task.id)).due_time == Timestamp(seconds=seconds)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": ""}, "task.title"),
        ({"title": "x" * 201}, "task.title"),
        ({"description": "x" * 10_001}, "task.description"),
        ({"status": 99}, "task.status"),
        ({"priority": 99}, "task.priority"),
        ({"labels": ["x"] * 21}, "task.labels"),
        ({"labels": ["ok", ""]}, "task.labels[1]"),
        ({"labels": ["x" * 51]}, "task.labels[0]"),
        ({"due_time": Timestamp(seconds=253_402_300_800)}, "task.due_time"),
        ({"id": "665f1f77bcf86cd799439021"}, "task.id"),
        ({"owner_id": "somebody else"}, "task.owner_id"),
        ({"complete_time": DUE}, "task.complete_time"),
        ({"update_time": DUE}, "task.update_time"),
    ],
)
async def test_what_breaks_the_contract_is_named(fields: dict[str, Any], named: str, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.create(**fields)
    assert refusal.fields == [named]
    task = await ada.create()
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.change(task.id, **fields)
    assert refusal.fields == [named]
    assert list((await ada.page()).tasks) == [task]


async def test_a_request_without_a_task_makes_none(ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.stub.CreateTask(pb.CreateTaskRequest(), metadata=ada.metadata, timeout=TIMEOUT_S)
    assert refusal.fields == ["task"]


async def test_a_deleted_task_is_gone(ada: Person) -> None:
    task, other = await ada.create(), await ada.create()
    await ada.delete(task.id)
    assert list((await ada.page()).tasks) == [other]
    for call in (ada.get(task.id), ada.change(task.id, title="back"), ada.delete(task.id)):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call


async def test_somebody_elses_task_is_not_there(ada: Person, bob: Person) -> None:
    task = await ada.create()
    for call in (bob.get(task.id), bob.change(task.id, title="mine"), bob.delete(task.id)):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call
    assert list((await bob.page()).tasks) == []
    assert await ada.get(task.id) == task


@pytest.mark.parametrize("task_id", [*NO_IDS, str(ObjectId())])
async def test_an_id_that_is_none_is_no_task(task_id: str, ada: Person) -> None:
    for call in (ada.get(task_id), ada.change(task_id, title="new"), ada.delete(task_id)):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call


async def test_without_an_id_the_request_is_not_valid(ada: Person) -> None:
    for call in (ada.get(""), ada.change("", title="new"), ada.delete("")):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await call
        assert refusal.fields == ["id"]


async def test_whatever_the_token_says_is_a_user(ada: Person, jwt_secret: str) -> None:
    agent = Person(ada.stub, "agent/7", signed_in("agent/7", jwt_secret))
    task = await agent.create()
    assert task.owner_id == "agent/7"
    assert list((await agent.page()).tasks) == [task]


async def test_nobody_uses_the_service_without_a_token(ada: Person) -> None:
    nobody = Person(ada.stub, "", ())
    for call in (nobody.create(), nobody.get(str(ObjectId())), nobody.page(), nobody.delete(str(ObjectId()))):
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await call
