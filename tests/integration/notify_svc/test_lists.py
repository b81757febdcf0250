"""Listing notifications, over gRPC: newest first, page by page, each user's own."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.notify.v1 import notification_pb2

from mesh import pages
from mesh.mongo import Document
from notify_svc.model import TYPES
from tests.integration.notify_svc.person import ANY, Person
from tests.integration.notify_svc.stored import archived, read, stored
from tests.refusals import refused

NOTIFICATIONS = 500
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
UNREAD = notification_pb2.NOTIFICATION_STATE_UNREAD
READ = notification_pb2.NOTIFICATION_STATE_READ
ARCHIVED = notification_pb2.NOTIFICATION_STATE_ARCHIVED
STATES = {ANY: ("unread", "read"), UNREAD: ("unread",), READ: ("read",), ARCHIVED: ("archived",)}


@pytest.fixture
async def documents(ada: Person, bob: Person, database: AsyncDatabase[Document]) -> list[Document]:
    """Ada's notifications in the order of a list, of all states and types, many of the same millisecond. Bob has as many."""
    dice = random.Random(7)
    hidden = {"state": "deleted", "unseen": False}

    def any_of(person: Person) -> Document:
        marks = dice.choice([{}, {}, read(NOON), archived(NOON), hidden])
        return stored(person, ObjectId(), NOON + timedelta(milliseconds=dice.randrange(12)), dice.choice(TYPES), **marks)

    documents = [any_of(ada) for _ in range(NOTIFICATIONS)]
    await database["notifications"].insert_many([*documents, *(any_of(bob) for _ in range(NOTIFICATIONS))])
    return sorted(documents, key=lambda each: (each["createTime"], each["_id"]), reverse=True)


def ids_of(documents: list[Document], *states: str, types: tuple[str, ...] = TYPES) -> list[str]:
    return [str(each["_id"]) for each in documents if each["state"] in states and each["type"] in types]


@pytest.mark.parametrize("page_size", [1, 7, 50, 99, 100, None])
async def test_pages_hold_every_notification_once_newest_first(
    page_size: int | None, ada: Person, documents: list[Document]
) -> None:
    everything = ids_of(documents, "unread", "read")
    pages = [page async for page in ada.pages(page_size)]
    assert [notification.id for page in pages for notification in page] == everything
    size, count = page_size or 100, len(everything)
    assert [len(page) for page in pages] == [size] * ((count - 1) // size) + [(count - 1) % size + 1]


@pytest.mark.parametrize("types", [(), ("task.updated",), ("task.deleted", "task.created", "task.created")])
@pytest.mark.parametrize("state", STATES)
async def test_pages_of_a_filter_hold_what_it_says_once(
    state: notification_pb2.NotificationState.ValueType, types: tuple[str, ...], ada: Person, documents: list[Document]
) -> None:
    wanted = ids_of(documents, *STATES[state], types=types or TYPES)
    assert len(wanted) > 7
    assert await ada.ids(state, types, page_size=7) == wanted


async def test_what_is_read_and_archived_between_pages_moves_nothing_else(ada: Person, documents: list[Document]) -> None:
    seen: list[str] = []
    async for page in ada.pages(20, UNREAD):
        seen += [each.id for each in page]
        # Also the one that the next page's token stands for.
        await ada.does("read", page[-1].id)
        await ada.does("archive", page[0].id)
    assert seen == ids_of(documents, "unread")


async def test_the_latest_are_ten_or_as_many_as_asked_for(ada: Person, bob: Person, documents: list[Document]) -> None:
    everything = ids_of(documents, "unread", "read")
    assert [notification.id for notification in await ada.latest()] == everything[:10]
    assert [notification.id for notification in await ada.latest(100)] == everything[:100]
    assert [notification.id for notification in await ada.latest(1)] == everything[:1]
    assert not {notification.id for notification in await bob.latest(100)} & set(everything)


@pytest.mark.parametrize("number", [-1, 0, 101])
async def test_numbers_have_bounds(number: int, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(number)
    assert refusal.fields == ["page_size"]
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.latest(number)
    assert refusal.fields == ["limit"]


async def test_types_are_those_that_there_are(ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(types=["task.created", "task.exploded"])
    assert refusal.fields == ["type[1]"]


OTHER_LIST = pages.to_token("tasks newest first", pages.Position(NOON, ObjectId()))


@pytest.mark.parametrize("token", [OTHER_LIST, "nonsense"])
async def test_a_token_of_anything_else_is_refused(token: str, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(page_token=token)
    assert refusal.fields == ["page_token"]


async def test_a_token_of_another_filter_is_refused(ada: Person, documents: list[Document]) -> None:
    token = (await ada.page(5, state=UNREAD, types=["task.created"])).next_page_token
    assert (await ada.page(5, token, UNREAD, ["task.created"])).notifications
    for state, types in ((ANY, ["task.created"]), (READ, ["task.created"]), (UNREAD, []), (UNREAD, ["task.updated"])):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await ada.page(5, token, state, types)
        assert refusal.fields == ["page_token"]


async def test_nobody_is_told_anything_without_a_token(ada: Person) -> None:
    nobody = Person(ada.stub, "", ())
    for call in (
        nobody.page(),
        nobody.latest(),
        nobody.counts(),
        nobody.preferences(),
        nobody.asks_why("event"),
        nobody.reads_all(),
    ):
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await call
