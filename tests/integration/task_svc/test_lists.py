"""Listing tasks page by page, over gRPC: nothing skipped, nothing repeated, and from the index alone."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2

from mesh import pages
from mesh.mongo import Document
from tests.integration.task_svc.person import Person
from tests.refusals import refused

TASKS = 250
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
async def stored(ada: Person, bob: Person, database: AsyncDatabase[Document]) -> list[str]:
    """The ids of Ada's tasks in the order of a list, many of them made in the same millisecond; Bob has some in between."""
    template = await database["tasks"].find_one({"_id": ObjectId((await ada.create()).id)})
    assert template is not None
    dice = random.Random(7)
    keys = [(NOON + timedelta(milliseconds=dice.randrange(12)), ObjectId()) for _ in range(TASKS)]
    documents = [{**template, "_id": key, "createTime": time} for time, key in keys]
    others = [{**document, "_id": ObjectId(), "memberIds": [bob.user_id]} for document in documents[::5]]
    await database["tasks"].delete_one({"_id": template["_id"]})
    await database["tasks"].insert_many([*documents, *others])
    return [str(key) for _, key in sorted(keys, reverse=True)]


@pytest.mark.parametrize("page_size", [1, 7, 50, 99, 100, None])
async def test_pages_hold_every_task_once_newest_first(page_size: int | None, ada: Person, stored: list[str]) -> None:
    pages = [page async for page in ada.pages(page_size)]
    assert [task.id for page in pages for task in page] == stored
    # Full pages but for the last, which is not empty.
    size = page_size or 100
    assert [len(page) for page in pages] == [size] * ((TASKS - 1) // size) + [(TASKS - 1) % size + 1]


async def test_what_comes_and_goes_between_pages_moves_nothing_else(ada: Person, stored: list[str]) -> None:
    seen: list[str] = []
    made: set[str] = set()
    numbers = itertools.count()
    async for page in ada.pages(40):
        seen += [task.id for task in page]
        made.add((await ada.create(f"task {next(numbers)}")).id)
        # Also the one that the next page's token stands for.
        await ada.delete(page[-1].id)
    assert seen == stored
    assert not made & set(seen)


async def test_a_list_without_tasks_is_one_empty_page(bob: Person) -> None:
    page = await bob.page()
    assert not page.tasks
    assert not page.HasField("next_page_token")


async def test_the_tasks_of_many_pages_are_only_the_callers(bob: Person, stored: list[str]) -> None:
    tasks = [task.id async for page in bob.pages(20) for task in page]
    assert len(tasks) == TASKS // 5
    assert not set(tasks) & set(stored)


@pytest.mark.parametrize("page_size", [-1, 0, 101])
async def test_a_page_has_bounds(page_size: int, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(page_size)
    assert refusal.fields == ["page_size"]


OTHER_LIST = pages.to_token("notifications newest first", pages.Position(NOON, ObjectId()))


@pytest.mark.parametrize("token", [OTHER_LIST, "nonsense", "!", "\N{SNOWMAN}", "W10", "bnVsbA", "x" * 513])
async def test_a_token_of_anything_else_is_refused(token: str, ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.page(page_token=token)
    assert refusal.fields == ["page_token"]


async def test_a_page_is_read_from_the_index_without_sorting(
    ada: Person, stored: list[str], database: AsyncDatabase[Document]
) -> None:
    first = await ada.page(20)
    await database.command("profile", 2)
    await ada.page(20)
    await ada.page(20, first.next_page_token)
    await database.command("profile", 0)
    # Not those of the service's own jobs.
    lists = {"op": "query", "ns": f"{database.name}.tasks", "command.sort": {"$exists": True}, "command.hint": None}
    queries = await database["system.profile"].find(lists).to_list()
    assert len(queries) == 2
    for query in queries:
        assert query["planSummary"] == "IXSCAN { memberIds: 1, createTime: -1, _id: -1 }"
        assert not query.get("hasSortStage")
        assert query["nreturned"] == 21
        # Those that share the last page's millisecond may be looked at once more, never the pages before.
        assert query["docsExamined"] <= 21 + TASKS // 10
