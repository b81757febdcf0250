"""What it takes to answer, over gRPC: every list, count and mark is read from an index, and costs what is answered."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.notify.v1 import notification_pb2

from mesh.channel import open_channel
from mesh.mongo import Document
from notify_svc.app import app
from notify_svc.repository import MongoNotificationRepository
from notify_svc.settings import NotifySettings
from tests.integration.notify_svc.person import ANY, Person
from tests.integration.notify_svc.stored import archived, read, stored, stored_before_states

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
UNREAD = notification_pb2.NOTIFICATION_STATE_UNREAD
ARCHIVED = notification_pb2.NOTIFICATION_STATE_ARCHIVED
BY_STATE = "IXSCAN { recipientId: 1, state: 1, createTime: -1, _id: -1 }"
BY_TYPE = "IXSCAN { recipientId: 1, type: 1, state: 1, createTime: -1, _id: -1 }"
UNSEEN = "IXSCAN { recipientId: 1, unseen: 1, createTime: -1, _id: -1 }"
OF_A_KIND = 400
SAME_MILLISECOND = OF_A_KIND // 100


@pytest.fixture
async def many(ada: Person, database: AsyncDatabase[Document]) -> None:
    """Of each state the same number, spread over the same time; of the rare type one in thirty."""
    dice = random.Random(7)
    kinds: list[Document] = [{}, read(NOON), archived(NOON), {"state": "deleted", "unseen": False}]
    documents = []
    for marks in kinds:
        for number in range(OF_A_KIND):
            event_type = "task.updated" if number % 30 else "task.deleted"
            time = NOON + timedelta(milliseconds=dice.randrange(100))
            documents.append(stored(ada, ObjectId(), time, event_type, **marks))
    await database["notifications"].insert_many(documents)


class Profile:
    """What the database did meanwhile."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self.entries: list[Document] = []

    @asynccontextmanager
    async def watching(self, *operations: str) -> AsyncIterator[None]:
        await self._database.command("profile", 2)
        yield
        await self._database.command("profile", 0)
        about = {"op": {"$in": operations}, "ns": f"{self._database.name}.notifications"}
        self.entries = await self._database["system.profile"].find(about).sort("ts", 1).to_list()
        await self._database["system.profile"].drop()


@pytest.fixture
def profile(database: AsyncDatabase[Document]) -> Profile:
    return Profile(database)


@pytest.mark.parametrize(
    ("state", "types", "plan", "scans"),
    [
        (ANY, [], BY_STATE, 2),
        (UNREAD, [], BY_STATE, 1),
        (ARCHIVED, [], BY_STATE, 1),
        (ANY, ["task.deleted"], BY_TYPE, 2),
        (UNREAD, ["task.deleted"], BY_TYPE, 1),
        (UNREAD, ["task.deleted", "task.updated"], BY_TYPE, 2),
    ],
)
async def test_a_page_is_read_from_the_index_without_sorting(
    state: notification_pb2.NotificationState.ValueType,
    types: list[str],
    plan: str,
    scans: int,
    ada: Person,
    many: None,
    profile: Profile,
) -> None:
    size = 5
    first = await ada.page(size, state=state, types=types)
    async with profile.watching("query"):
        await ada.page(size, state=state, types=types)
        await ada.page(size, first.next_page_token, state, types)
    assert len(profile.entries) == 2
    for query in profile.entries:
        assert set(query["planSummary"].split(", IXSCAN")) <= {plan, plan.removeprefix("IXSCAN")}
        assert not query.get("hasSortStage")
        assert query["nreturned"] == size + 1
        # Of each scan the first is looked at before any is answered; those of the last page's millisecond once more.
        most = size + 1 + scans * (1 + 3 * SAME_MILLISECOND)
        assert query["keysExamined"] <= most
        assert query["docsExamined"] <= most


async def test_counts_are_read_from_the_index_alone(ada: Person, many: None, profile: Profile) -> None:
    async with profile.watching("command"):
        assert await ada.counts() == (OF_A_KIND, OF_A_KIND)
    assert [each["planSummary"].removeprefix("COUNT_") for each in profile.entries] == [BY_STATE, UNSEEN]
    for count in profile.entries:
        assert count["keysExamined"] <= OF_A_KIND + 1
        assert count["docsExamined"] == 0


async def test_counts_end_at_1000(ada: Person, database: AsyncDatabase[Document], profile: Profile) -> None:
    await database["notifications"].insert_many([stored(ada, ObjectId(), NOON) for _ in range(1200)])
    async with profile.watching("command"):
        assert await ada.counts() == (1000, 1000)
    assert len(profile.entries) == 2
    assert all(each["keysExamined"] <= 1001 for each in profile.entries)


@pytest.mark.parametrize(("mark", "plan"), [(Person.reads_all, BY_STATE), (Person.sees_all, UNSEEN)])
async def test_marking_all_touches_only_what_it_marks(
    mark: Callable[..., AsyncIterator[int]], plan: str, ada: Person, many: None, profile: Profile
) -> None:
    async with profile.watching("update"):
        assert await mark(ada) == OF_A_KIND  # type: ignore[misc]
        assert await mark(ada) == 0  # type: ignore[misc]
    assert [each["planSummary"] for each in profile.entries] == [plan, plan]
    assert [each["docsExamined"] for each in profile.entries] == [OF_A_KIND, 0]


async def test_what_was_stored_before_there_were_states_is_new(
    settings: NotifySettings, ada: Person, database: AsyncDatabase[Document], profile: Profile
) -> None:
    old, marked = [ObjectId() for _ in range(3)], ObjectId()
    documents = [*(stored_before_states(ada, key, NOON) for key in old), stored(ada, marked, NOON, **read(NOON))]
    await database["notifications"].insert_many(documents)
    async with app(settings) as port, open_channel(f"127.0.0.1:{port}"):
        assert sorted(await ada.ids(UNREAD)) == sorted(map(str, old))
        assert await ada.counts() == (3, 3)
        assert len(await ada.ids()) == 4
        assert (await ada.does("read", str(old[0]))).HasField("read_time")
    # Doing it again looks at nothing and changes nothing.
    async with profile.watching("update"):
        await MongoNotificationRepository(database).ensure_indexes()
    assert [(each["nModified"], each["docsExamined"]) for each in profile.entries] == [(0, 0)]
    assert await ada.counts() == (2, 2)
