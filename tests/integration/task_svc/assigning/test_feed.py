"""What became of a user's tasks, as the edge asks for it: the present state of each, once, in order, and nothing skipped."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb

from mesh.mongo import Document
from mesh.wakeups import channel_of
from task_svc.app import CHANGES
from task_svc.settings import TaskSettings
from tests.integration.task_svc.person import TIMEOUT_S, Person
from tests.waiting import PATIENCE_S

OVERLAP = timedelta(seconds=100)
LONG_AGO = "0"


@pytest.fixture
def settings(settings: TaskSettings) -> TaskSettings:
    return settings.model_copy(update={"stream_overlap_seconds": OVERLAP.total_seconds()})


async def changes(person: Person, after: str = LONG_AGO, page_token: str = "") -> pb.ListTaskChangesResponse:
    request = pb.ListTaskChangesRequest(after=after, page_token=page_token)
    return await person.stub.ListTaskChanges(request, metadata=person.metadata, timeout=TIMEOUT_S)


async def told(person: Person, after: str = LONG_AGO) -> list[tuple[str, str]]:
    """Type and title, where there is a task, of all changes."""
    return [(each.type.removeprefix("task."), each.task.title) for each in (await changes(person, after)).changes]


async def test_each_task_is_told_of_once_as_it_is_now(ada: Person, bob: Person) -> None:
    one, two, three = [await ada.create(title) for title in ("one", "two", "three")]
    await bob.create("of Bob")
    await ada.change(one.id, title="first")
    await ada.change(one.id, title="1st")
    await ada.delete(two.id)
    assert await told(ada) == [("created", "three"), ("updated", "1st"), ("deleted", "")]
    await ada.restore(two.id)
    answer = await changes(ada)
    assert [each.task_id for each in answer.changes] == [three.id, one.id, two.id]
    assert [each.id.partition("-")[2] for each in answer.changes] == [f"{three.id}-1", f"{one.id}-3", f"{two.id}-3"]
    assert answer.changes[0].task == three
    assert not answer.HasField("next_page_token")


async def test_whom_a_task_is_taken_from_hears_that_once_and_nothing_of_what_comes_then(
    ada: Person, bob: Person, eve: Person
) -> None:
    task = await ada.create("a", assignee_id=bob.user_id)
    assert await told(bob) == [("created", "a")]
    await ada.change(task.id, assignee_id=eve.user_id)
    departure = (await changes(bob)).changes[0]
    assert (departure.type, departure.task_id, departure.HasField("task")) == ("task.deleted", task.id, False)
    await eve.change(task.id, title="b")
    assert list((await changes(bob)).changes) == [departure]
    assert await told(eve) == await told(ada) == [("updated", "b")]
    await ada.change(task.id, assignee_id=bob.user_id)
    assert await told(bob) == [("updated", "b")]
    assert await told(eve) == [("deleted", "")]


async def test_whom_a_task_was_taken_from_long_ago_hears_nothing(
    ada: Person, bob: Person, database: AsyncDatabase[Document]
) -> None:
    task = await ada.create("a", assignee_id=bob.user_id)
    await ada.change(task.id, assignee_id="")
    long_ago = datetime.now(UTC) - 2 * OVERLAP
    await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$set": {"departures.0.time": long_ago}})
    await ada.change(task.id, title="b")
    now = str(int(datetime.now(UTC).timestamp() * 1000))
    assert await told(bob, now) == []
    assert await told(ada, now) == [("updated", "b")]


async def test_changes_come_page_by_page_also_those_of_one_moment(ada: Person, database: AsyncDatabase[Document]) -> None:
    creates = [pb.TaskOperation(create=task_pb2.Task(title=f"task {number}")) for number in range(100)]
    for _ in range(2):
        await ada.batch(*creates)
    at = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
    await database["tasks"].update_many({}, {"$set": {"updateTime": at}})
    await ada.create("the last")
    first = await changes(ada)
    second = await changes(ada, page_token=first.next_page_token)
    third = await changes(ada, page_token=second.next_page_token)
    ids = [each.task_id for page in (first, second, third) for each in page.changes]
    assert (len(ids), len(set(ids)), third.changes[-1].task.title) == (201, 201, "the last")
    assert [len(page.changes) for page in (first, second, third)] == [100, 100, 1]


async def test_what_became_visible_late_is_told_by_the_last_id_and_the_position(
    ada: Person, database: AsyncDatabase[Document]
) -> None:
    late, seen = await ada.create("late"), await ada.create("seen")
    answer = await changes(ada)
    # As if its write had taken its time to be seen by all.
    time = datetime.now(UTC) - OVERLAP / 2
    await database["tasks"].update_one({"_id": ObjectId(late.id)}, {"$set": {"updateTime": time}})
    for after in (answer.changes[-1].id, answer.position):
        assert [each.task_id for each in (await changes(ada, after)).changes] == [late.id, seen.id]
    past = datetime.now(UTC) - 2 * OVERLAP
    await database["tasks"].update_one({"_id": ObjectId(late.id)}, {"$set": {"updateTime": past}})
    assert [each.task_id for each in (await changes(ada, answer.position)).changes] == [seen.id]
    assert [each.task_id for each in (await changes(ada, "9" * 14)).changes] == [seen.id]
    assert [each.task_id for each in (await changes(ada, "")).changes] == [seen.id]


@pytest.mark.parametrize(("after", "page_token"), [("x", ""), ("1-2", ""), ("-1", ""), ("9" * 15, ""), ("", "x")])
async def test_what_is_no_place_among_the_changes_is_refused(after: str, page_token: str, ada: Person) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await changes(ada, after, page_token)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_changes_are_read_from_the_index(ada: Person, database: AsyncDatabase[Document]) -> None:
    await ada.batch(*[pb.TaskOperation(create=task_pb2.Task(title=f"task {number}")) for number in range(100)])
    old = datetime.now(UTC) - 2 * OVERLAP
    await database["tasks"].update_many({}, {"$set": {"updateTime": old}})
    await ada.create("new")
    await database.command("profile", 2)
    assert await told(ada, "") == [("created", "new")]
    await database.command("profile", 0)
    of_the_feed = {"op": "query", "command.filter.audienceIds": ada.user_id}
    (query,) = await database["system.profile"].find(of_the_feed).to_list()
    assert query["planSummary"] == "IXSCAN { audienceIds: 1, updateTime: 1, _id: 1 }"
    assert not query.get("hasSortStage")
    assert query["keysExamined"] <= 2


class TestWakeUps:
    """A service that has Redis."""

    @pytest.fixture
    def settings(self, settings: TaskSettings, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> TaskSettings:
        # Wake-ups that Redis does not take in time are forgotten.
        monkeypatch.setattr("mesh.redis.TIMEOUT_S", PATIENCE_S)
        return settings.model_copy(update={"redis_url": redis_url})

    async def test_everyone_whom_a_change_concerns_is_woken_once_it_counts(
        self, ada: Person, bob: Person, eve: Person, redis_url: str
    ) -> None:
        async with Redis.from_url(redis_url) as redis, redis.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(channel_of(CHANGES))
            await subscription.get_message(timeout=TIMEOUT_S)

            async def woken() -> set[str]:
                message = None
                while message is None:
                    message = await subscription.get_message(timeout=TIMEOUT_S)
                return set(message["data"].decode().split())

            task = await ada.create(assignee_id=bob.user_id)
            assert await woken() == {ada.user_id, bob.user_id}
            await ada.change(task.id, assignee_id=eve.user_id)
            assert await woken() == {ada.user_id, bob.user_id, eve.user_id}
            with pytest.raises(grpc.aio.AioRpcError):
                await ada.batch(
                    pb.TaskOperation(delete=pb.DeleteTaskRequest(id=task.id)),
                    pb.TaskOperation(delete=pb.DeleteTaskRequest(id=task.id)),
                )
            await eve.delete(task.id)
            assert await woken() == {ada.user_id, eve.user_id}
            assert await subscription.get_message(timeout=0.1) is None
