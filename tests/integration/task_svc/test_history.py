"""The history of tasks, over gRPC: each change is in it once, whether its event is out or not."""

import asyncio
from datetime import UTC, datetime

import pytest
from bson import ObjectId
from google.protobuf.timestamp_pb2 import Timestamp
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import history_pb2, task_pb2

from mesh import pages, topology
from mesh.amqp import Broker, Publisher
from mesh.events import Event
from mesh.mongo import Document
from task_svc.history import MongoTaskHistory
from task_svc.settings import TaskSettings
from tests.integration.task_svc.person import Person
from tests.refusals import refused
from tests.waiting import eventually

Change = tuple[str, str, str]


def changes_of(entry: history_pb2.HistoryEntry) -> list[Change]:
    return [(change.field, change.before, change.after) for change in entry.changes]


async def paged(person: Person, task_id: str, page_size: int) -> list[history_pb2.HistoryEntry]:
    entries: list[history_pb2.HistoryEntry] = []
    page = await person.history(task_id, page_size)
    while page.HasField("next_page_token"):
        assert len(page.entries) == page_size
        entries += page.entries
        page = await person.history(task_id, page_size, page.next_page_token)
    return [*entries, *page.entries]


async def test_a_history_says_who_changed_what_and_when(ada: Person, database: AsyncDatabase[Document]) -> None:
    task = await ada.create("Ship it", labels=["a"])
    changed = await ada.change(
        task.id,
        title="Ship it now",
        status=task_pb2.STATUS_IN_PROGRESS,
        priority=task_pb2.PRIORITY_MEDIUM,
        due_time=Timestamp(seconds=1893456000),
        labels=["a", "b"],
    )
    await ada.change(task.id, title="Ship it now")
    cleared = await ada.change(task.id, due_time=None, labels=None)
    await ada.delete(task.id)
    restored = await ada.restore(task.id)

    entries = (await ada.history(task.id)).entries
    stored = await database["tasks"].find_one({"_id": ObjectId(task.id)})
    assert stored is not None
    assert [entry.event_id for entry in entries] == [event["id"] for event in reversed(stored["outbox"])]
    assert [(entry.type, entry.version) for entry in entries] == [
        ("task.restored", 5),
        ("task.deleted", 4),
        ("task.updated", 3),
        ("task.updated", 2),
        ("task.created", 1),
    ]
    assert {entry.actor_id for entry in entries} == {ada.user_id}
    assert [entries[index].time for index in (0, 2, 3, 4)] == [
        restored.update_time,
        cleared.update_time,
        changed.update_time,
        task.create_time,
    ]
    assert sorted(changes_of(entries[3])) == [
        ("dueTime", "", "2030-01-01T00:00:00Z"),
        ("labels", "a", "a, b"),
        ("status", "todo", "in_progress"),
        ("title", "Ship it", "Ship it now"),
    ]
    assert sorted(changes_of(entries[2])) == [("dueTime", "2030-01-01T00:00:00Z", ""), ("labels", "a, b", "")]
    assert not any(entries[index].changes for index in (0, 1, 4))


async def test_of_many_changes_at_once_each_is_in_the_history(ada: Person) -> None:
    task = await ada.create("title")
    await asyncio.gather(*(ada.change(task.id, title=f"title {number}") for number in range(20)))
    entries = (await ada.history(task.id)).entries
    assert [entry.version for entry in entries] == list(range(21, 0, -1))
    values = [after for entry in entries[:-1] for _, _, after in changes_of(entry)]
    before = [before for entry in entries[:-1] for _, before, _ in changes_of(entry)]
    assert before == [*values[1:], "title"]
    assert sorted(values) == sorted(f"title {number}" for number in range(20))


@pytest.mark.parametrize("page_size", [1, 4, 30])
async def test_an_entry_is_there_once_wherever_it_is(page_size: int, ada: Person, database: AsyncDatabase[Document]) -> None:
    task = await ada.create()
    for number in range(11):
        await ada.change(task.id, title=f"title {number}")
    before = list((await ada.history(task.id)).entries)
    stored = await database["tasks"].find_one({"_id": ObjectId(task.id)})
    assert stored is not None
    history = MongoTaskHistory(database)
    for entry in stored["outbox"]:
        # As crashes and outages leave them: waiting, recorded and waiting, recorded twice, and out.
        if entry["sequence"] % 4:
            await history.record(Event.from_document(entry))
        if entry["sequence"] % 4 == 2:
            await history.record(Event.from_document(entry))
        if entry["sequence"] % 4 == 3:
            await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$pull": {"outbox": {"id": entry["id"]}}})
    assert await paged(ada, task.id, page_size) == before


async def test_what_comes_between_pages_moves_nothing(ada: Person) -> None:
    task = await ada.create()
    await ada.change(task.id, title="second")
    await ada.change(task.id, title="third")
    first = await ada.history(task.id, 2)
    await ada.change(task.id, title="fourth")
    last = await ada.history(task.id, 2, first.next_page_token)
    assert [entry.version for entry in (*first.entries, *last.entries)] == [3, 2, 1]


async def test_the_history_of_a_deleted_task_stays(ada: Person) -> None:
    task = await ada.create()
    await ada.delete(task.id)
    assert [entry.type for entry in (await ada.history(task.id)).entries] == ["task.deleted", "task.created"]


async def test_a_history_is_only_for_those_whom_the_task_concerns(ada: Person, bob: Person) -> None:
    task = await ada.create()
    for call in (bob.history(task.id), ada.history("nonsense"), ada.history(str(ObjectId()))):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call
    with refused(reason_pb2.REASON_UNAUTHENTICATED):
        await Person(ada.stub, "", ()).history(task.id)
    for page_size in (0, 101):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await ada.history(task.id, page_size)
        assert refusal.fields == ["page_size"]


async def test_a_token_is_good_for_its_task_alone(ada: Person) -> None:
    task, other = await ada.create(), await ada.create()
    await ada.change(task.id, title="second")
    token = (await ada.history(task.id, 1)).next_page_token
    for call in (ada.history(other.id, 1, token), ada.page(1, token), ada.history(task.id, 1, "nonsense")):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await call
        assert refusal.fields == ["page_token"]
    forged = pages.to_token(f"history of task {task.id}", pages.Position(datetime.now(UTC), ObjectId()))
    assert (await ada.history(task.id, 1, forged)).entries


async def test_a_page_is_read_from_an_index(ada: Person, database: AsyncDatabase[Document]) -> None:
    task = await ada.create()
    stored = await database["tasks"].find_one({"_id": ObjectId(task.id)})
    assert stored is not None
    await MongoTaskHistory(database).record(Event.from_document(stored["outbox"][0]))
    row = await database["history"].find_one({})
    assert row is not None
    rows = [{**row, "_id": f"{version}", "version": version} for version in range(2, 500)]
    await database["history"].insert_many(rows)
    first = await ada.history(task.id, 20)
    await database.command("profile", 2)
    await ada.history(task.id, 20)
    await ada.history(task.id, 20, first.next_page_token)
    await database.command("profile", 0)
    queries = await database["system.profile"].find({"op": "query", "ns": f"{database.name}.history"}).to_list()
    assert len(queries) == 2
    for query in queries:
        assert query["planSummary"] == "IXSCAN { taskId: 1, version: -1 }"
        assert not query.get("hasSortStage")
        assert query["docsExamined"] == query["nreturned"] == 21


class TestWithABroker:
    @pytest.fixture
    def settings(self, settings: TaskSettings, rabbitmq_url: str) -> TaskSettings:
        changes = {"rabbitmq_url": rabbitmq_url, "outbox_sweep_interval_seconds": 0.05, "outbox_sweep_age_seconds": 0.1}
        return settings.model_copy(update=changes)

    async def test_a_history_outlives_the_outbox(self, ada: Person, database: AsyncDatabase[Document], rabbitmq_url: str) -> None:
        publisher = Publisher(lambda channel: topology.declare_queue(channel, "all of a test", "#"))
        async with Broker(rabbitmq_url, [publisher], name="tests") as broker:
            await broker.up()
            task = await ada.create()
            await asyncio.gather(*(ada.change(task.id, title=f"title {number}") for number in range(9)))
            await eventually(lambda: database["tasks"].count_documents({"outbox": []}))
        entries = (await ada.history(task.id)).entries
        assert [entry.version for entry in entries] == list(range(10, 0, -1))
        assert await database["history"].count_documents({}) == 10
