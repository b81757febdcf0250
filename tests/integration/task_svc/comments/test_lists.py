"""Listing comments page by page, over gRPC: nothing skipped, nothing repeated, and from the index alone."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2

from mesh.mongo import Document
from tests.integration.task_svc.comments.commenter import Commenter
from tests.integration.task_svc.person import Person
from tests.refusals import refused

COMMENTS, PAGE = 400, 20
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
async def stored(owner: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]) -> list[str]:
    """The ids of the task's comments in the order of the list, many of them written in the same millisecond; deleted ones and
    those on another task stand in between."""
    template = await database["comments"].find_one_and_delete({"_id": ObjectId((await owner.says(task.id)).id)})
    assert template is not None
    dice = random.Random(7)
    keys = [(NOON + timedelta(milliseconds=dice.randrange(20)), ObjectId()) for _ in range(COMMENTS)]
    documents = [{**template, "_id": key, "createTime": time} for time, key in keys]
    deleted = [{**each, "_id": ObjectId(), "deleted": True} for each in documents]
    elsewhere = [{**each, "_id": ObjectId(), "taskId": ObjectId()} for each in documents]
    await database["comments"].insert_many([*documents, *deleted, *elsewhere])
    return [str(key) for _, key in sorted(keys)]


@pytest.mark.parametrize("page_size", [7, PAGE, None])
async def test_pages_hold_every_comment_once_oldest_first(
    page_size: int | None, owner: Commenter, task: task_pb2.Task, stored: list[str]
) -> None:
    pages = [page async for page in owner.pages(task.id, page_size)]
    assert [comment.id for page in pages for comment in page] == stored
    # Full pages but for the last, which is not empty: 20 of 20 are 20 pages.
    size = page_size or 100
    assert [len(page) for page in pages] == [size] * ((COMMENTS - 1) // size) + [(COMMENTS - 1) % size + 1]


async def test_what_comes_and_goes_between_pages_moves_nothing_else(
    owner: Commenter, task: task_pb2.Task, stored: list[str]
) -> None:
    seen: list[str] = []
    made: list[str] = []
    async for page in owner.pages(task.id, 90):
        seen += [comment.id for comment in page]
        made += [] if len(made) > 3 else [(await owner.says(task.id)).id]
        # Also the one that the next page's token stands for.
        await owner.deletes(page[-1])
    # New ones come at the end.
    assert seen == [*stored, *made]


async def test_a_task_without_comments_has_one_empty_page(owner: Commenter, task: task_pb2.Task) -> None:
    page = await owner.page(task.id)
    assert not page.comments
    assert not page.HasField("next_page_token")


async def test_a_token_is_good_for_its_task_alone(ada: Person, owner: Commenter, task: task_pb2.Task) -> None:
    other = await ada.create()
    for _ in range(2):
        await owner.says(task.id)
    token = (await owner.page(task.id, 1)).next_page_token
    for call in (owner.page(other.id, 1, token), ada.page(1, token), owner.page(task.id, 1, "nonsense")):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await call
        assert refusal.fields == ["page_token"]
    for page_size in (0, 101):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await owner.page(task.id, page_size)
        assert refusal.fields == ["page_size"]


async def test_a_page_is_read_from_the_index_without_sorting(
    owner: Commenter, task: task_pb2.Task, stored: list[str], database: AsyncDatabase[Document]
) -> None:
    token = ""
    for _ in range(COMMENTS // PAGE - 2):
        token = (await owner.page(task.id, PAGE, token)).next_page_token
    await database.command("profile", 2)
    await owner.page(task.id, PAGE)
    await owner.page(task.id, PAGE, token)
    await database.command("profile", 0)
    # Not those of the service's own jobs.
    lists = {"op": "query", "ns": f"{database.name}.comments", "command.sort": {"$exists": True}, "command.hint": None}
    queries = await database["system.profile"].find(lists).to_list()
    assert len(queries) == 2
    for query in queries:
        assert query["planSummary"] == "IXSCAN { taskId: 1, deleted: 1, createTime: 1, _id: 1 }"
        assert not query.get("hasSortStage")
        assert query["nreturned"] == PAGE + 1
        # Those that share the last page's millisecond may be looked at once more, never the pages before.
        assert query["docsExamined"] <= PAGE + 1 + COMMENTS // 10
