"""Assigning tasks, over gRPC: who is assigned sees and changes them as their owner does; who no longer is does not."""

import asyncio
from itertools import cycle, islice
from typing import Any

import grpc
import pytest
from bson import ObjectId
from google.protobuf.timestamp_pb2 import Timestamp
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_events_pb2, task_pb2

from mesh.errors import from_rpc_error
from mesh.events import Event
from mesh.mongo import Document
from tests.integration.task_svc.person import Person
from tests.refusals import refused


async def ids(person: Person, **question: Any) -> list[str]:
    return [task.id for task in (await person.page(**question)).tasks]


async def has_nothing_of(person: Person, task: task_pb2.Task) -> None:
    """To this person the task does not exist, whatever is tried."""
    for call in (
        person.get(task.id),
        person.change(task.id, title="mine"),
        person.change(task.id, assignee_id=person.user_id),
        person.delete(task.id),
        person.restore(task.id),
        person.history(task.id),
    ):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call
    assert await ids(person) == []
    assert await ids(person, q="ship") == []


async def test_an_assignee_is_written_as_id_or_address_and_answered_as_id(ada: Person, bob: Person) -> None:
    for key in (bob.user_id, "bob@example.com", "BOB@EXAMPLE.COM", bob.user_id.upper()):
        task = await ada.create(assignee_id=key)
        assert (task.owner_id, task.assignee_id) == (ada.user_id, bob.user_id)
        assert await ada.get(task.id) == await bob.get(task.id) == task
        mine = await ada.create()
        assert not mine.assignee_id
        assigned = await ada.change(mine.id, assignee_id=key, title="For Bob")
        assert (assigned.assignee_id, assigned.title, assigned.etag) == (bob.user_id, "For Bob", "2")
        # Who is assigned already is, under any name.
        assert await ada.change(mine.id, assignee_id=key) == assigned


async def test_an_assignee_finds_changes_deletes_and_restores_the_task(ada: Person, bob: Person, eve: Person) -> None:
    task = await ada.create("Ship it", assignee_id=bob.user_id, labels=["a"], due_time=Timestamp(seconds=1_900_000_000))
    questions: list[dict[str, Any]] = [
        {},
        {"q": "ship"},
        {"label": ["a"], "status": [task_pb2.STATUS_TODO]},
        *({"order_by": order} for order in ("updateTime", "dueTime", "dueTime desc", "priority desc")),
    ]
    for question in questions:
        assert await ids(bob, **question) == await ids(ada, **question) == [task.id]
    changed = await bob.change(task.id, task.etag, title="Ship it now", status=task_pb2.STATUS_IN_PROGRESS)
    assert await ada.get(task.id) == changed
    assert await ids(ada, q="now") == await ids(bob, q="now") == [task.id]
    await bob.delete(task.id)
    assert await ids(ada) == []
    with refused(reason_pb2.REASON_TASK_NOT_FOUND):
        await ada.get(task.id)
    assert (await bob.restore(task.id)).title == "Ship it now"
    await has_nothing_of(eve, task)
    history = [(entry.type, entry.actor_id) for entry in (await bob.history(task.id)).entries]
    assert history == [(f"task.{kind}", bob.user_id) for kind in ("restored", "deleted", "updated")] + [
        ("task.created", ada.user_id)
    ]


async def test_who_is_no_assignee_any_more_has_nothing_of_the_task(ada: Person, bob: Person, eve: Person) -> None:
    task = await ada.create(assignee_id=bob.user_id)
    handed_over = await bob.change(task.id, assignee_id="eve@example.com")
    assert handed_over.assignee_id == eve.user_id
    await has_nothing_of(bob, task)
    assert await eve.get(task.id) == await ada.get(task.id) == handed_over
    assert not (await ada.change(task.id, assignee_id=None)).assignee_id
    await has_nothing_of(eve, task)
    assert await ids(ada, q="ship") == [task.id]
    changes = [(each.field, each.before, each.after) for entry in (await ada.history(task.id)).entries for each in entry.changes]
    assert changes == [("assigneeId", eve.user_id, ""), ("assigneeId", bob.user_id, eve.user_id)]
    # A deleted task stays with those who had it.
    await ada.change(task.id, assignee_id=bob.user_id)
    await ada.delete(task.id)
    with refused(reason_pb2.REASON_TASK_NOT_FOUND):
        await eve.restore(task.id)
    assert (await bob.restore(task.id)).assignee_id == bob.user_id


async def test_an_owner_may_be_the_assignee(ada: Person, database: AsyncDatabase[Document]) -> None:
    task = await ada.create(assignee_id="ada@example.com")
    assert await ids(ada) == [task.id]
    document = await database["tasks"].find_one({"_id": ObjectId(task.id)})
    assert document
    assert document["memberIds"] == [ada.user_id]


@pytest.mark.parametrize("key", ["nobody@example.com", "665f1f77bcf86cd799439021", "Bob", "\0"])
async def test_nobody_can_be_assigned_who_does_not_exist(key: str, ada: Person) -> None:
    task = await ada.create()
    for call in (ada.create(assignee_id=key), ada.change(task.id, assignee_id=key, title="new")):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await call
        assert [(each.field, each.message) for each in refusal.errors[0].fields] == [
            ("task.assignee_id", "is nobody's id or e-mail address")
        ]
    assert list((await ada.page()).tasks) == [task]


async def test_who_may_not_change_a_task_learns_nobodys_address(ada: Person, eve: Person) -> None:
    task = await ada.create()
    for key in ("bob@example.com", "nobody@example.com"):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await eve.change(task.id, assignee_id=key)
        with refused(reason_pb2.REASON_ETAG_MISMATCH):
            await ada.change(task.id, "7", assignee_id=key)


async def test_an_event_says_who_was_assigned_and_who_before(
    ada: Person, bob: Person, eve: Person, database: AsyncDatabase[Document]
) -> None:
    task = await ada.create(assignee_id=bob.user_id)
    await ada.change(task.id, assignee_id="eve@example.com")
    await eve.change(task.id, title="new")
    await ada.change(task.id, assignee_id=None)
    document = await database["tasks"].find_one({"_id": ObjectId(task.id)})
    assert document
    payloads = [task_events_pb2.TaskEvent.FromString(Event.from_document(each).data) for each in document["outbox"]]
    assert [(each.task.assignee_id, each.assignee_name, each.previous_assignee_id) for each in payloads] == [
        (bob.user_id, "Bob", ""),
        (eve.user_id, "Eve", bob.user_id),
        (eve.user_id, "", ""),
        ("", "", eve.user_id),
    ]


async def test_a_task_that_was_stored_before_tasks_could_be_assigned(ada: Person, database: AsyncDatabase[Document]) -> None:
    task = await ada.create()
    await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$unset": {"assigneeId": ""}})
    assert await ada.get(task.id) == task
    assert (await ada.change(task.id, assignee_id="bob@example.com")).etag == "2"


async def test_of_twenty_clients_who_edit_what_they_read_none_loses_a_change(ada: Person, bob: Person) -> None:
    task = await ada.create(assignee_id=bob.user_id)

    async def add_label(person: Person, label: str) -> None:
        while True:
            read = await person.get(task.id)
            try:
                await person.change(task.id, read.etag, labels=[*read.labels, label])
            except grpc.aio.AioRpcError as error:
                if from_rpc_error(error).reason != reason_pb2.REASON_ETAG_MISMATCH:
                    raise
            else:
                return

    clients = [(person, f"label {number}") for number, person in enumerate(islice(cycle((ada, bob)), 20))]
    await asyncio.gather(*(add_label(*client) for client in clients))

    end = await bob.get(task.id)
    assert sorted(end.labels) == sorted(label for _, label in clients)
    assert end.etag == "21"
    entries = list((await ada.history(task.id)).entries)
    assert [entry.version for entry in entries] == list(range(21, 0, -1))
    added = {entry.changes[0].after.removeprefix(entry.changes[0].before).lstrip(", "): entry.actor_id for entry in entries[:-1]}
    assert added == {label: person.user_id for person, label in clients}
