"""What lists cost: of many tasks only those of the page are read, and a filter's rest, whichever page it is."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from google.protobuf.timestamp_pb2 import Timestamp
from pymongo.asynchronous.database import AsyncDatabase
from unified.task.v1 import task_pb2

from mesh.mongo import Document
from task_svc.app import app
from task_svc.finding import to_findable
from task_svc.model import Priority, Status, Task
from task_svc.settings import TaskSettings
from tests.integration.task_svc.person import Person

TASKS, SELDOM, PAGE = 4000, 200, 20
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
ORDERS = ["createTime", "updateTime", "dueTime", "priority"]
WAYS = ["", " desc"]
COMMON: list[dict[str, Any]] = [
    {},
    {"q": "ship"},
    {"label": ["all"]},
    {"status": [task_pb2.STATUS_TODO, task_pb2.STATUS_DONE]},
    {"due_after": Timestamp(seconds=0)},
]
RARE: list[dict[str, Any]] = [
    {"q": "ship rocket"},
    {"label": ["few"]},
    {"status": [task_pb2.STATUS_BLOCKED]},
    {"priority": [task_pb2.PRIORITY_URGENT, task_pb2.PRIORITY_HIGH]},
]


def a_task(number: int, owner_id: str, dice: random.Random) -> Task:
    seldom = number % SELDOM == 0
    return Task(
        str(ObjectId()),
        owner_id,
        title="Ship the rocket" if seldom else "Ship it",
        create_time=NOON + timedelta(milliseconds=dice.randrange(10 * TASKS)),
        update_time=NOON + timedelta(milliseconds=dice.randrange(10 * TASKS)),
        due_time=None if number % 10 == 9 else NOON + timedelta(milliseconds=dice.randrange(10 * TASKS)),
        labels=("all", "few") if seldom else ("all",),
        status=Status.BLOCKED if seldom else dice.choice([Status.TODO, Status.DONE]),
        priority=Priority.URGENT if seldom else dice.choice([Priority.LOW, Priority.MEDIUM]),
    )


@pytest.fixture
async def stored(ada: Person, database: AsyncDatabase[Document]) -> None:
    """So many tasks that to look at them all would show; every 200th is unlike the rest."""
    template = await database["tasks"].find_one_and_delete({"_id": ObjectId((await ada.create()).id)})
    assert template is not None
    dice = random.Random(5)
    tasks = [a_task(number, ada.user_id, dice) for number in range(TASKS)]
    values = [{name: getattr(task, name) for name in ("title", "status", "priority")} for task in tasks]
    for task, each in zip(tasks, values, strict=True):
        each |= {"_id": ObjectId(task.id), "createTime": task.create_time, "updateTime": task.update_time}
        each |= {"dueTime": task.due_time, "labels": list(task.labels), **to_findable(task)}
    await database["tasks"].insert_many([{**template, **each} for each in values])


async def examined(person: Person, database: AsyncDatabase[Document], page_token: str = "", **question: Any) -> Document:
    """What the server says of its work for a page."""
    await database.command("profile", 2)
    await person.page(PAGE, page_token, **question)
    await database.command("profile", 0)
    # Not those of the service's own jobs, which name their index.
    lists = {"op": "query", "ns": f"{database.name}.tasks", "command.sort": {"$exists": True}, "command.hint": None}
    (query,) = await database["system.profile"].find(lists).to_list()
    await database["system.profile"].drop()
    assert query["planSummary"].startswith("IXSCAN"), (question, query["planSummary"])
    return query


async def late_token(person: Person, **question: Any) -> str:
    """Where a page far into the list begins."""
    token = ""
    for _ in range(TASKS // 4 // 100):
        token = (await person.page(100, token, **question)).next_page_token
    return token


@pytest.mark.usefixtures("stored")
async def test_what_many_tasks_pass_is_read_in_order_from_an_index(ada: Person, database: AsyncDatabase[Document]) -> None:
    for order_by in [order + way for order in ORDERS for way in WAYS]:
        for question in COMMON:
            asked = {"order_by": order_by, **question}
            token = await late_token(ada, **asked)
            for query in [await examined(ada, database, each, **asked) for each in dict.fromkeys(("", token))]:
                assert not query.get("hasSortStage"), asked
                assert query["nreturned"] == PAGE + 1
                assert query["keysExamined"] <= 3 * PAGE, (asked, query["planSummary"])


@pytest.mark.usefixtures("stored")
async def test_of_many_tasks_only_the_few_that_pass_are_read(ada: Person, database: AsyncDatabase[Document]) -> None:
    for order_by in [order + way for order in ORDERS for way in WAYS]:
        for question in RARE:
            query = await examined(ada, database, order_by=order_by, **question)
            assert query["keysExamined"] <= 2 * TASKS // SELDOM, (order_by, question, query["planSummary"])
            # The few are at hand in the order of creation; in any other, sorting them is less work than reading the many.
            assert bool(query.get("hasSortStage")) != order_by.startswith("createTime"), (order_by, question)


@pytest.mark.usefixtures("stored")
async def test_tasks_that_were_stored_before_they_could_be_found_are_found(
    ada: Person, settings: TaskSettings, database: AsyncDatabase[Document]
) -> None:
    lists: list[dict[str, Any]] = [
        {"q": "rocket"},
        {"order_by": "dueTime"},
        {"order_by": "dueTime desc"},
        {"order_by": "priority"},
    ]
    before = [[page async for page in ada.pages(**each)] for each in lists]
    old = dict.fromkeys(("terms", "dueFirst", "dueLast", "priorityRank"), True)
    await database["tasks"].update_many({}, {"$unset": old})
    async with app(settings):
        assert [[page async for page in ada.pages(**each)] for each in lists] == before
