"""Listing notifications, over gRPC: newest first, page by page, each user's own, and from the index alone."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.notify.v1 import notification_pb2

from mesh import pages
from mesh.mongo import Document
from tests.integration.notify_svc.person import Person
from tests.refusals import refused

NOTIFICATIONS = 250
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
async def stored(ada: Person, bob: Person, database: AsyncDatabase[Document]) -> list[str]:
    """The ids of Ada's notifications in the order of a list, many of the same millisecond; Bob has some in between."""
    dice = random.Random(7)
    keys = [(NOON + timedelta(milliseconds=dice.randrange(12)), ObjectId()) for _ in range(NOTIFICATIONS)]
    documents = [a_document(ada, key, time) for time, key in keys]
    others = [a_document(bob, ObjectId(), time) for time, _ in keys[::5]]
    await database["notifications"].insert_many([*documents, *others])
    return [str(key) for _, key in sorted(keys, reverse=True)]


def a_document(recipient: Person, key: ObjectId, time: datetime) -> Document:
    words = dict.fromkeys(("type", "title", "body", "taskId", "actorId"), "")
    return {"_id": key, "recipientId": recipient.user_id, "eventId": f"event {key}", "createTime": time, **words}


async def pages_of(person: Person, page_size: int | None) -> AsyncIterator[list[notification_pb2.Notification]]:
    token = ""
    while True:
        page = await person.page(page_size, token)
        yield list(page.notifications)
        if not page.HasField("next_page_token"):
            return
        token = page.next_page_token


@pytest.mark.parametrize("page_size", [1, 7, 50, 99, 100, None])
async def test_pages_hold_every_notification_once_newest_first(page_size: int | None, ada: Person, stored: list[str]) -> None:
    pages = [page async for page in pages_of(ada, page_size)]
    assert [notification.id for page in pages for notification in page] == stored
    size = page_size or 100
    assert [len(page) for page in pages] == [size] * ((NOTIFICATIONS - 1) // size) + [(NOTIFICATIONS - 1) % size + 1]


async def test_the_latest_are_ten_or_as_many_as_asked_for(ada: Person, bob: Person, stored: list[str]) -> None:
    assert [notification.id for notification in await ada.latest()] == stored[:10]
    assert [notification.id for notification in await ada.latest(100)] == stored[:100]
    assert [notification.id for notification in await ada.latest(1)] == stored[:1]
    assert not {notification.id for notification in await bob.latest(100)} & set(stored)


@pytest.mark.parametrize("number", [-1, 0, 101])
async def test_numbers_have_bounds(number: int, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(number)
    assert refusal.fields == ["page_size"]
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.latest(number)
    assert refusal.fields == ["limit"]


OTHER_LIST = pages.to_token("tasks newest first", pages.Position(NOON, ObjectId()))


@pytest.mark.parametrize("token", [OTHER_LIST, "nonsense"])
async def test_a_token_of_anything_else_is_refused(token: str, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(page_token=token)
    assert refusal.fields == ["page_token"]


async def test_nobody_is_told_anything_without_a_token(ada: Person) -> None:
    nobody = Person(ada.stub, "", ())
    for call in (nobody.page(), nobody.latest()):
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await call


async def test_a_page_is_read_from_the_index_without_sorting(
    ada: Person, stored: list[str], database: AsyncDatabase[Document]
) -> None:
    first = await ada.page(20)
    await database.command("profile", 2)
    await ada.page(20, first.next_page_token)
    await ada.latest(20)
    await database.command("profile", 0)
    queries = await database["system.profile"].find({"op": "query", "ns": f"{database.name}.notifications"}).to_list()
    assert len(queries) == 2
    for query in queries:
        assert query["planSummary"] == "IXSCAN { recipientId: 1, createTime: -1, _id: -1 }"
        assert not query.get("hasSortStage")
        assert query["nreturned"] == 21
        # Those that share the last page's millisecond may be looked at once more, never the pages before.
        assert query["docsExamined"] <= 21 + NOTIFICATIONS // 10
