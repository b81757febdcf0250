"""Reminders and due times fire once each, whoever looks for them, and whatever else happens to the task."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from bson import ObjectId
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_events_pb2, task_pb2

from mesh import topology
from mesh.amqp import Broker, Publisher
from mesh.events import Event
from mesh.leases import Lease
from mesh.metadata import IDEMPOTENCY_KEY
from mesh.mongo import Document
from mesh.outbox import MOST_PENDING, Outbox
from mesh.times import to_timestamp, utc_now
from task_svc.app import app
from task_svc.model import Kind, TaskEvent
from task_svc.reminders import BATCH, Reminders
from task_svc.repository import MongoTaskRepository
from task_svc.settings import TaskSettings
from tests.integration.task_svc.person import Person
from tests.refusals import refused
from tests.waiting import eventually

HOUR = timedelta(hours=1)
SOON, OVERDUE = "task.due_soon", "task.overdue"
NewJob = Callable[..., Reminders]


def before(hours: float) -> task_pb2.Reminder:
    return task_pb2.Reminder(before=Duration(seconds=int(hours * 3600)))


def in_hours(hours: float) -> Timestamp:
    return to_timestamp(utc_now() + hours * HOUR)


@pytest.fixture
def outbox(database: AsyncDatabase[Document]) -> Outbox:
    """Of a process that dies before it publishes anything."""
    lease = Lease(database["leases"], "nobody's", "nobody", timedelta(minutes=1))
    return Outbox(database["tasks"], Publisher(topology.declare_events), lease, sweep_age_s=1)


@pytest.fixture
def new_job(database: AsyncDatabase[Document], outbox: Outbox) -> NewJob:
    def make(hours: float, lease: str = "reminders of a test") -> Reminders:
        """The job of another process, at another time."""
        rights = Lease(database["leases"], lease, holder=str(ObjectId()), duration=timedelta(minutes=1))
        return Reminders(database, outbox, rights, now=lambda: utc_now() + hours * HOUR, new_id=lambda: str(ObjectId()))

    return make


async def events(database: AsyncDatabase[Document], task_id: str) -> list[Event]:
    document = await database["tasks"].find_one({"_id": ObjectId(task_id)})
    assert document is not None
    return [Event.from_document(entry) for entry in document["outbox"]]


async def fired(database: AsyncDatabase[Document], task_id: str) -> list[str]:
    return [event.type for event in await events(database, task_id) if event.type in (SOON, OVERDUE)]


async def pending(database: AsyncDatabase[Document]) -> list[datetime]:
    """All moments that are still to fire."""
    documents = await database["tasks"].find({}, {"pending": True}).to_list()
    return [moment["time"] for document in documents for moment in document.get("pending", ())]


async def test_reminders_read_back_as_they_were_set(ada: Person, bob: Person) -> None:
    at = task_pb2.Reminder(at=Timestamp(seconds=1893456000, nanos=123_000_000))
    task = await ada.create(reminders=[before(1), at, before(1)], due_time=in_hours(2))
    assert list(task.reminders) == [before(1), at]
    assert await ada.get(task.id) == task
    assert list((await ada.page()).tasks) == [task]
    assert list((await ada.change(task.id, reminders=[at])).reminders) == [at]
    assert (await ada.change(task.id, reminders=[at])).etag == "2"
    assert not (await ada.change(task.id, reminders=None)).reminders
    with refused(reason_pb2.REASON_TASK_NOT_FOUND):
        await bob.change(task.id, reminders=[at])
    changes = [change for entry in (await ada.history(task.id)).entries for change in entry.changes]
    assert [(change.field, change.before, change.after) for change in changes] == [
        ("reminders", "at 2030-01-01T00:00:00.123Z", ""),
        ("reminders", "before 3600s, at 2030-01-01T00:00:00.123Z", "at 2030-01-01T00:00:00.123Z"),
    ]


@pytest.mark.parametrize(
    ("reminders", "named"),
    [
        ([before(1)] * 11, "task.reminders"),
        ([before(1), task_pb2.Reminder()], "task.reminders[1]"),
        ([before(-1)], "task.reminders[0].before"),
        ([before(365 * 24 + 1)], "task.reminders[0].before"),
        ([task_pb2.Reminder(at=Timestamp(seconds=2**60))], "task.reminders[0].at"),
    ],
)
async def test_what_is_no_reminder_is_named(reminders: list[task_pb2.Reminder], named: str, ada: Person) -> None:
    task = await ada.create()
    for call in (ada.create(reminders=reminders), ada.change(task.id, reminders=reminders)):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await call
        assert refusal.fields == [named]


@pytest.mark.parametrize("due_time", [Timestamp(seconds=-62_135_596_800), None, Timestamp(seconds=253_402_300_799)])
async def test_any_due_time_takes_any_reminder(due_time: Timestamp | None, ada: Person) -> None:
    task = await ada.create(due_time=due_time, reminders=[before(0), before(365 * 24)])
    assert await ada.get(task.id) == task


async def test_what_fires_is_announced_and_changes_nothing(
    ada: Person, database: AsyncDatabase[Document], new_job: NewJob
) -> None:
    task = await ada.create(due_time=in_hours(2), reminders=[before(1)])
    await new_job(0.5).run()
    assert await fired(database, task.id) == []
    await new_job(1.5).run()
    await new_job(1.5, "another's").run()
    assert await fired(database, task.id) == [SOON]
    await new_job(2.5, "a third").run()
    created, soon, overdue = await events(database, task.id)
    assert (soon.type, overdue.type) == (SOON, OVERDUE)
    assert created.time < soon.time < overdue.time
    for event, kind in ((soon, "due_soon"), (overdue, "overdue")):
        payload = task_events_pb2.TaskEvent.FromString(event.data)
        assert (payload.WhichOneof("kind"), payload.actor_id, payload.actor_name) == (kind, "", "")
        assert (event.subject, event.sequence, payload.task) == (task.id, 1, task)
    assert await ada.get(task.id) == task
    assert (await ada.change(task.id, task.etag, title="Ship it now")).etag == "2"
    assert [entry.type for entry in (await ada.history(task.id)).entries] == ["task.updated", "task.created"]
    assert await pending(database) == []


async def test_after_an_outage_each_fires_once_and_all_do(
    ada: Person, database: AsyncDatabase[Document], new_job: NewJob
) -> None:
    """In two processes at once, which know nothing of each other's lease."""
    fields: dict[str, Any] = {"due_time": in_hours(3), "reminders": [before(1), before(2), {"at": in_hours(4)}]}
    tasks = await asyncio.gather(*(ada.create(**fields) for _ in range(2 * BATCH + 7)))
    at_rest = await ada.create(due_time=in_hours(100))
    await asyncio.gather(*(new_job(5, f"lease {number}").run() for number in range(3)))
    for task in tasks:
        types = Counter(await fired(database, task.id))
        assert types == {SOON: 3, OVERDUE: 1}
    assert await fired(database, at_rest.id) == []
    assert len(await pending(database)) == 1


async def test_one_process_at_a_time_does_it(ada: Person, database: AsyncDatabase[Document], new_job: NewJob) -> None:
    task = await ada.create(due_time=in_hours(1))
    first = new_job(2)
    await first.run()
    other = await ada.create(due_time=in_hours(1))
    await new_job(2).run()
    assert await fired(database, other.id) == []
    await first.stop()
    await new_job(2).run()
    assert [await fired(database, each.id) for each in (task, other)] == [[OVERDUE], [OVERDUE]]


async def test_closed_and_deleted_tasks_fire_nothing_until_they_are_back(
    ada: Person, database: AsyncDatabase[Document], new_job: NewJob
) -> None:
    deleted, done, moved = [await ada.create(due_time=in_hours(2), reminders=[before(1)]) for _ in range(3)]
    await ada.delete(deleted.id)
    await ada.change(done.id, status=task_pb2.STATUS_DONE)
    await ada.change(moved.id, due_time=in_hours(9))
    await new_job(1.5, "first").run()
    assert [await fired(database, each.id) for each in (deleted, done, moved)] == [[], [], []]
    await ada.restore(deleted.id)
    await ada.change(done.id, status=task_pb2.STATUS_TODO)
    await new_job(3, "second").run()
    assert [await fired(database, each.id) for each in (deleted, done, moved)] == [[SOON, OVERDUE], [SOON, OVERDUE], []]
    await new_job(10, "third").run()
    assert await fired(database, moved.id) == [SOON, OVERDUE]


async def test_a_change_that_was_thought_of_before_does_not_bring_back_what_has_fired(
    ada: Person, database: AsyncDatabase[Document], outbox: Outbox, new_job: NewJob
) -> None:
    task_id = (await ada.create(due_time=in_hours(2), reminders=[before(1)])).id
    tasks = MongoTaskRepository(database, outbox)
    for hours, left in ((1.5, 1), (3, 0)):
        task = await tasks.get(ada.user_id, task_id)
        assert task is not None
        changed = task.changed({"title": f"after {hours}"}, utc_now())
        await new_job(hours, f"at {hours}").run()
        assert not await tasks.update(changed, TaskEvent(str(ObjectId()), Kind.UPDATED, changed, ada.user_id))
        assert len(await pending(database)) == left
    assert (await ada.change(task_id, "1", title="new")).etag == "2"
    assert await fired(database, task_id) == [SOON, OVERDUE]


class Interrupted(Lease):
    """Something happens between the look for what is due and its firing."""

    def __init__(self, happens: Callable[[], Awaitable[object]]) -> None:
        self._happens = happens

    async def acquire(self) -> bool:
        await self._happens()
        return True


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda person, task_id: person.change(task_id, status=task_pb2.STATUS_DONE), id="closed"),
        pytest.param(lambda person, task_id: person.change(task_id, due_time=in_hours(9)), id="moved"),
        pytest.param(lambda person, task_id: person.delete(task_id), id="deleted"),
    ],
)
async def test_a_change_that_comes_first_counts(
    change: Callable[[Person, str], Awaitable[object]], ada: Person, database: AsyncDatabase[Document], outbox: Outbox
) -> None:
    task_id = (await ada.create(due_time=in_hours(1))).id
    lease = Interrupted(lambda: change(ada, task_id))
    await Reminders(database, outbox, lease, now=lambda: utc_now() + 2 * HOUR, new_id=lambda: str(ObjectId())).run()
    assert await fired(database, task_id) == []
    assert all(moment > utc_now() + 8 * HOUR for moment in await pending(database))


async def test_what_fires_among_many_changes_fires_once(ada: Person, database: AsyncDatabase[Document], new_job: NewJob) -> None:
    tasks = [await ada.create(due_time=in_hours(3), reminders=[before(1), before(2)]) for _ in range(5)]

    async def change(task_id: str, number: int) -> None:
        # Some of them in a transaction.
        key = ((IDEMPOTENCY_KEY, f"{task_id}-{number}"),) if number % 3 == 0 else ()
        await Person(ada.stub, ada.user_id, (*ada.metadata, *key)).change(task_id, title=f"title {number}")

    async def fire() -> None:
        for hours in (0.5, 1.1, 1.2, 2.1, 2.2, 3.1, 3.2):
            await asyncio.gather(new_job(hours, f"one's at {hours}").run(), new_job(hours, f"other's at {hours}").run())

    await asyncio.gather(fire(), *(change(task.id, number) for number in range(12) for task in tasks))
    await new_job(4, "in the end").run()
    for task in tasks:
        found = await events(database, task.id)
        assert Counter(event.type for event in found) == {"task.created": 1, "task.updated": 12, SOON: 2, OVERDUE: 1}
        assert [event.sequence for event in found if event.type == "task.updated"] == list(range(2, 14))
        assert (await ada.get(task.id)).etag == "13"


async def test_a_task_that_takes_no_more_events_keeps_no_other_from_firing(
    ada: Person, database: AsyncDatabase[Document], new_job: NewJob
) -> None:
    full = [await ada.create(due_time=in_hours(1)) for _ in range(BATCH + 1)]
    entries = [{"id": str(number)} for number in range(MOST_PENDING)]
    await database["tasks"].update_many({}, {"$set": {"outbox": entries}})
    other = await ada.create(due_time=in_hours(2))
    job = new_job(3)
    await job.run()
    assert await fired(database, other.id) == [OVERDUE]
    assert len(await pending(database)) == len(full)
    await database["tasks"].update_many({"outbox": entries}, {"$set": {"outbox": []}})
    await job.run()
    assert await pending(database) == []


async def test_what_is_due_is_found_by_its_index_alone(ada: Person, database: AsyncDatabase[Document], new_job: NewJob) -> None:
    due = [await ada.create(due_time=in_hours(1)) for _ in range(3)]
    template = await database["tasks"].find_one({"_id": ObjectId(due[0].id)})
    assert template is not None
    later = {"nextMoment": utc_now() + 9 * HOUR}
    await database["tasks"].insert_many([{**template, **later, "_id": ObjectId()} for _ in range(500)])
    await database.command("profile", 2)
    await new_job(2).run()
    await database.command("profile", 0)
    looks = {"op": "query", "ns": f"{database.name}.tasks", "command.hint": "next_moment_first"}
    profiled = await database["system.profile"].find(looks).sort("ts").to_list()
    # The service looks too, but in the present.
    found, nothing = [each for each in profiled if each["command"]["filter"]["$and"][0]["nextMoment"]["$lte"] > utc_now() + HOUR]
    for query, number in ((found, 3), (nothing, 0)):
        assert query["planSummary"] == "IXSCAN { nextMoment: 1, _id: 1 }"
        assert not query.get("hasSortStage")
        assert query["docsExamined"] == query["nreturned"] == number
        assert query["keysExamined"] <= number + 1


async def test_tasks_that_were_stored_before_there_were_reminders_fire_what_is_ahead(
    ada: Person, settings: TaskSettings, database: AsyncDatabase[Document], new_job: NewJob
) -> None:
    tasks = [await ada.create(f"task {number}", due_time=in_hours(hours)) for number, hours in enumerate([-1, 2, 2, 2])]
    past, ahead, done, deleted = tasks
    without = await ada.create()
    await ada.change(done.id, status=task_pb2.STATUS_DONE)
    await ada.delete(deleted.id)
    await database["tasks"].update_many({}, {"$unset": dict.fromkeys(("reminders", "pending", "nextMoment"), True)})
    assert (await ada.get(ahead.id)) == ahead
    async with app(settings):
        assert len(await pending(database)) == 1
    await ada.restore(deleted.id)
    await new_job(3).run()
    expected = [[], [OVERDUE], [], [OVERDUE], []]
    assert [await fired(database, each.id) for each in (past, ahead, done, deleted, without)] == expected


class TestTheService:
    """With short intervals and a broker."""

    @pytest.fixture
    def settings(self, settings: TaskSettings, rabbitmq_url: str) -> TaskSettings:
        short = {"reminder_interval_seconds": 0.05, "outbox_sweep_interval_seconds": 0.05, "outbox_sweep_age_seconds": 0.1}
        return settings.model_copy(update={**short, "rabbitmq_url": rabbitmq_url})

    async def test_it_fires_by_itself_and_sends_what_a_dead_process_fired(
        self, ada: Person, database: AsyncDatabase[Document], rabbitmq_url: str, new_job: NewJob
    ) -> None:
        left = await ada.create(due_time=in_hours(2), reminders=[before(1)])
        await new_job(1.5).run()
        alive = await ada.create(due_time=in_hours(2), reminders=[before(3)])
        for task in (left, alive):
            await eventually(partial(fired, database, task.id), lambda types: types == [SOON])
        # An hour and a half later.
        await database["tasks"].update_one({"_id": ObjectId(left.id)}, {"$set": {"outbox.$[].time": utc_now()}})
        publisher = Publisher(lambda channel: topology.declare_queue(channel, "all of a test", "#"))
        async with Broker(rabbitmq_url, [publisher], name="tests") as broker:
            await broker.up()
            await eventually(lambda: database["tasks"].count_documents({"outbox": []}), lambda count: count == 2)
        assert await database["history"].count_documents({}) == 2
