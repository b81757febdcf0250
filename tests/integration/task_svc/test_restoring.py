"""Bringing deleted tasks back, over gRPC, and what is left of those that nobody brings back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.results import UpdateResult
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2

from mesh import topology
from mesh.amqp import Publisher
from mesh.leases import Lease
from mesh.mongo import Document
from mesh.outbox import Outbox
from mesh.times import utc_now
from task_svc.app import app
from task_svc.history import MongoTaskHistory
from task_svc.model import Kind, TaskEvent
from task_svc.purge import Purge
from task_svc.repository import MongoTaskRepository
from task_svc.settings import TaskSettings
from tests.integration.task_svc.person import Person
from tests.refusals import refused
from tests.task_events import task_event
from tests.waiting import eventually


async def test_a_deleted_task_comes_back_as_it_was(ada: Person) -> None:
    task = await ada.create("Ship it", description="to everyone", status=task_pb2.STATUS_DONE, labels=["a"])
    await ada.delete(task.id)
    restored = await ada.restore(task.id)
    expected = task_pb2.Task()
    expected.CopyFrom(task)
    expected.MergeFrom(task_pb2.Task(etag="3", update_time=restored.update_time))
    assert restored == expected
    assert await ada.get(task.id) == restored
    for found in (await ada.page(), await ada.page(q="everyone", label=["a"]), await ada.page(order_by="dueTime")):
        assert list(found.tasks) == [restored]
    assert (await ada.change(task.id, restored.etag, title="Shipped")).etag == "4"
    await ada.delete(task.id)
    assert (await ada.restore(task.id)).title == "Shipped"


async def test_to_restore_what_is_there_changes_nothing(ada: Person) -> None:
    task = await ada.create()
    assert await ada.restore(task.id) == task
    await ada.delete(task.id)
    restored = await asyncio.gather(*(ada.restore(task.id) for _ in range(8)))
    assert {each.etag for each in restored} == {"3"}


async def test_what_is_somebody_elses_or_nobodys_cannot_be_restored(ada: Person, bob: Person) -> None:
    task = await ada.create()
    with refused(reason_pb2.REASON_TASK_NOT_FOUND):
        await bob.restore(task.id)
    await ada.delete(task.id)
    for call in (bob.restore(task.id), ada.restore("nonsense"), ada.restore(str(ObjectId()))):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.restore("")
    assert refusal.fields == ["id"]
    with refused(reason_pb2.REASON_UNAUTHENTICATED):
        await Person(ada.stub, "", ()).restore(task.id)
    with refused(reason_pb2.REASON_TASK_NOT_FOUND):
        await ada.get(task.id)


class TestPurge:
    """Of a day: what was deleted longer ago is removed for good."""

    @pytest.fixture
    async def lease(self, database: AsyncDatabase[Document]) -> AsyncIterator[Lease]:
        lease = Lease(database["leases"], "purge of a test", "this process", timedelta(minutes=1))
        yield lease
        await lease.release()

    @pytest.fixture
    def purge(self, database: AsyncDatabase[Document], lease: Lease) -> Purge:
        return Purge(database, lease, kept=timedelta(days=1), now=utc_now)

    async def deleted(self, person: Person, database: AsyncDatabase[Document], *, ago: timedelta, unsent: bool) -> str:
        task = await person.create()
        await person.delete(task.id)
        change = {"deleteTime": utc_now() - ago, **({} if unsent else {"outbox": []})}
        await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$set": change})
        return task.id

    async def test_only_what_was_deleted_long_ago_and_is_announced_is_removed(
        self, ada: Person, database: AsyncDatabase[Document], purge: Purge
    ) -> None:
        long, short = timedelta(days=1, minutes=1), timedelta(hours=23)
        gone = [await self.deleted(ada, database, ago=long, unsent=False) for _ in range(3)]
        kept = [
            await self.deleted(ada, database, ago=long, unsent=True),
            await self.deleted(ada, database, ago=short, unsent=False),
        ]
        back = await self.deleted(ada, database, ago=long, unsent=False)
        await ada.restore(back)
        history = MongoTaskHistory(database)
        for task_id in (*gone, *kept):
            await history.record(replace(task_event("created"), id=task_id, subject=task_id))
        await purge.run()
        recorded = [each["_id"] async for each in database["history"].find({}, {"_id": True})]
        assert sorted(recorded) == sorted(kept)
        stored = [str(each["_id"]) async for each in database["tasks"].find({}, {"_id": True})]
        assert sorted(stored) == sorted([*kept, back])
        for task_id in gone:
            for call in (ada.restore(task_id), ada.history(task_id)):
                with refused(reason_pb2.REASON_TASK_NOT_FOUND):
                    await call
        for task_id in kept:
            await ada.restore(task_id)

    async def test_comments_go_with_their_task_each_once_its_event_is_out(
        self, ada: Person, database: AsyncDatabase[Document], purge: Purge
    ) -> None:
        gone = await self.deleted(ada, database, ago=timedelta(days=2), unsent=False)
        kept = await self.deleted(ada, database, ago=timedelta(hours=23), unsent=False)
        kinds: dict[str, Document] = {
            "out": {"deleted": False, "outbox": []},
            "unsent": {"deleted": False, "outbox": [{}]},
            "deleted": {"deleted": True, "outbox": []},
        }
        comments = [
            {"_id": f"{task_id}/{kind}", "taskId": ObjectId(task_id), "body": "secret", **state}
            for task_id in (gone, kept)
            for kind, state in kinds.items()
        ]
        await database["comments"].insert_many(comments)

        async def stored() -> dict[str, str]:
            return {each["_id"]: each["body"] async for each in database["comments"].find()}

        others = {f"{kept}/out": "secret", f"{kept}/unsent": "secret"}
        await purge.run()
        assert await stored() == {**others, f"{gone}/unsent": ""}
        await database["comments"].update_one({"_id": f"{gone}/unsent"}, {"$set": {"outbox": []}})
        await purge.run()
        assert await stored() == others

    async def test_a_purge_goes_on_where_a_dead_one_stopped(
        self, ada: Person, database: AsyncDatabase[Document], purge: Purge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task_id = await self.deleted(ada, database, ago=timedelta(days=2), unsent=False)
        comment = {"taskId": ObjectId(task_id), "deleted": False, "body": "", "outbox": []}
        await database["comments"].insert_one(comment)
        for part in ("_comments", "_history"):
            with monkeypatch.context() as patch:
                patch.setattr(purge, part, None)
                with pytest.raises(AttributeError):
                    await purge.run()
            # What will be purged cannot be brought back without what is gone already.
            with refused(reason_pb2.REASON_TASK_NOT_FOUND):
                await ada.restore(task_id)
        await purge.run()
        for name in ("tasks", "comments"):
            assert await database[name].count_documents({}) == 0

    async def test_a_restoration_that_began_before_the_purge_comes_too_late(
        self, ada: Person, database: AsyncDatabase[Document], purge: Purge, lease: Lease, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task_id = await self.deleted(ada, database, ago=timedelta(days=2), unsent=False)
        outbox = Outbox(database["tasks"], Publisher(topology.declare_events), lease, sweep_age_s=60)
        tasks = MongoTaskRepository(database, outbox)
        task = await tasks.get_deleted(ada.user_id, task_id)
        assert task is not None
        monkeypatch.setattr(purge, "_comments", None)
        with pytest.raises(AttributeError):
            await purge.run()
        restored = task.restored(utc_now())
        assert not await tasks.restore(restored, TaskEvent("event", Kind.RESTORED, restored, ada.user_id))

    async def test_what_is_restored_while_the_purge_looks_at_it_stays_whole(
        self, ada: Person, database: AsyncDatabase[Document], purge: Purge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task_id = await self.deleted(ada, database, ago=timedelta(days=2), unsent=False)
        await database["comments"].insert_one({"taskId": ObjectId(task_id), "deleted": False, "outbox": []})
        update_many = AsyncCollection.update_many

        async def restored_before(tasks: AsyncCollection[Document], which: Document, change: Document) -> UpdateResult:
            monkeypatch.undo()
            await ada.restore(task_id)
            return await update_many(tasks, which, change)

        monkeypatch.setattr(AsyncCollection, "update_many", restored_before)
        await purge.run()
        assert (await ada.get(task_id)).etag == "3"
        assert await database["comments"].count_documents({"deleted": False}) == 1

    async def test_more_than_fit_into_a_batch_are_removed(
        self, ada: Person, database: AsyncDatabase[Document], purge: Purge
    ) -> None:
        one = await self.deleted(ada, database, ago=timedelta(days=2), unsent=False)
        template = await database["tasks"].find_one({"_id": ObjectId(one)})
        assert template is not None
        await database["tasks"].insert_many([{**template, "_id": ObjectId()} for _ in range(120)])
        await purge.run()
        assert await database["tasks"].count_documents({}) == 0

    async def test_one_process_at_a_time_removes(
        self, ada: Person, database: AsyncDatabase[Document], purge: Purge, lease: Lease
    ) -> None:
        await self.deleted(ada, database, ago=timedelta(days=2), unsent=False)
        await lease.acquire()
        other = Lease(database["leases"], "purge of a test", "another process", timedelta(minutes=1))
        await Purge(database, other, kept=timedelta(days=1), now=utc_now).run()
        assert await database["tasks"].count_documents({}) == 1
        await purge.run()
        assert await database["tasks"].count_documents({}) == 0

    async def test_the_service_does_it_by_itself(
        self, ada: Person, settings: TaskSettings, database: AsyncDatabase[Document]
    ) -> None:
        await self.deleted(ada, database, ago=timedelta(days=31), unsent=False)
        kept = await self.deleted(ada, database, ago=timedelta(days=29), unsent=False)

        async def left() -> int:
            # As if the process that has looked already had released its lease; it may be at it still.
            await database["leases"].delete_one({"_id": "task purge"})
            return await database["tasks"].count_documents({})

        async with app(settings.model_copy(update={"task_purge_interval_seconds": 0.05})):
            await eventually(left, lambda count: count == 1)
        assert await database["tasks"].find_one({"_id": ObjectId(kept)})
