"""Inboxes that are too large to be marked within a call are marked all the same."""

from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.notify.v1 import notification_pb2

from mesh.mongo import Document
from notify_svc.app import app
from notify_svc.marking import AT_ONCE, SLICE
from notify_svc.settings import NotifySettings
from tests.integration.notify_svc.person import Person
from tests.integration.notify_svc.stored import stored
from tests.waiting import eventually

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
UNREAD = notification_pb2.NOTIFICATION_STATE_UNREAD
LATER = SLICE + SLICE // 2


@pytest.fixture
def settings(settings: NotifySettings) -> NotifySettings:
    """Of a service that leaves what a call did not do to others."""
    return settings.model_copy(update={"inbox_marking_interval_seconds": 3600})


@pytest.fixture
async def huge(ada: Person, bob: Person, database: AsyncDatabase[Document]) -> None:
    """Ada's notifications, ten of each millisecond, and one of Bob's."""
    times = [NOON + timedelta(milliseconds=number // 10) for number in range(AT_ONCE + LATER)]
    documents = [*(stored(ada, ObjectId(), time) for time in times), stored(bob, ObjectId(), NOON)]
    await database["notifications"].insert_many(documents, ordered=False)


def is_none(row: Document | None) -> bool:
    return row is None


async def unread(person: Person, database: AsyncDatabase[Document]) -> int:
    return await database["notifications"].count_documents({"recipientId": person.user_id, "state": "unread"})


@pytest.mark.usefixtures("huge")
@pytest.mark.parametrize("key", ["", "all"])
async def test_what_a_call_leaves_another_process_marks(
    key: str, settings: NotifySettings, ada: Person, bob: Person, database: AsyncDatabase[Document]
) -> None:
    assert await ada.reads_all(key=key) == AT_ONCE
    # The newest are read: those that the user sees first.
    assert (await ada.page(1, state=UNREAD)).notifications[0].create_time.ToDatetime(UTC) < NOON + timedelta(
        milliseconds=LATER // 10
    )
    new = stored(ada, ObjectId(), NOON + timedelta(hours=1))
    await database["notifications"].insert_one(new)
    assert await unread(ada, database) == LATER + 1

    async with app(settings):
        await eventually(database["unfinished_marking"].find_one, is_none)
    assert await ada.ids(UNREAD) == [str(new["_id"])]
    assert await ada.counts() == (1, 1)
    assert await bob.counts() == (1, 1)


@pytest.mark.usefixtures("huge")
async def test_a_failed_slice_is_marked_again(settings: NotifySettings, ada: Person, database: AsyncDatabase[Document]) -> None:
    through = await database["notifications"].find_one({"recipientId": ada.user_id}, sort=[("createTime", -1), ("_id", -1)])
    assert through is not None
    assert await ada.sees_all(str(through["_id"])) == AT_ONCE
    # As it stands when a process dies after a slice, and before it wrote down where to go on.
    await database["notifications"].update_many(
        {"recipientId": ada.user_id, "createTime": {"$gte": NOON + timedelta(milliseconds=100)}}, {"$set": {"unseen": False}}
    )
    async with app(settings):
        await eventually(database["unfinished_marking"].find_one, is_none)
    assert await ada.counts() == (1000, 0)
