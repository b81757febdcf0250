"""Imports that are interrupted, or meet each other, and those that take long."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.task.v1 import transfer_service_pb2 as pb

from mesh import topology
from mesh.amqp import Publisher
from mesh.leases import Lease
from mesh.mongo import Document
from mesh.outbox import Outbox
from mesh.times import utc_now
from mesh.transactions import in_transaction
from task_svc.repository import MongoTaskRepository
from task_svc.transfer.importing import SLICE, Imports
from task_svc.use_cases import Assignee
from tests.integration.task_svc.person import Person
from tests.integration.task_svc.transfer.files import Files


class Nobody:
    """No user is known."""

    async def learn(self, keys: object) -> None: ...

    async def find(self, key: str) -> Assignee | None:
        return None


async def stored(database: AsyncDatabase[Document]) -> list[Document]:
    return await database["tasks"].find().sort("_id").to_list()


async def test_an_import_that_dies_goes_on_when_repeated(ada: Person, files: Files, database: AsyncDatabase[Document]) -> None:
    committed = 0

    async def dying(work: Callable[[], Awaitable[int]]) -> int:
        """The third slice is written, and never committed."""
        nonlocal committed

        async def work_and_die() -> int:
            await work()
            raise ZeroDivisionError

        committed += 1
        return await in_transaction(database.client, work if committed < 3 else work_and_die)

    publisher = Publisher(topology.declare_events)
    lease = Lease(database["leases"], "nobody's", holder="", duration=timedelta(seconds=1))
    repository = MongoTaskRepository(database, Outbox(database["tasks"], publisher, lease, sweep_age_s=1), wake=lambda _: None)
    imports = Imports(repository, Nobody(), dying, now=utc_now, new_id=lambda: str(ObjectId()))
    rows = "title\n" + "".join(f"{number}\n" for number in range(5 * SLICE))
    with pytest.raises(ZeroDivisionError):
        await imports.run(ada.user_id, pb.ImportTasksRequest(content=rows.encode()))
    assert len(await stored(database)) == 2 * SLICE
    assert await files.import_(ada, rows) == (3 * SLICE, 2 * SLICE, [])
    documents = await stored(database)
    assert sorted(int(each["title"]) for each in documents) == list(range(5 * SLICE))
    assert {len(each["outbox"]) for each in documents} == {1}


async def test_imports_of_one_file_at_once_make_each_task_once(ada: Person, files: Files) -> None:
    rows = "title\n" + "".join(f"{number}\n" for number in range(3 * SLICE))
    outcomes = await asyncio.gather(*(files.import_(ada, rows) for _ in range(4)))
    assert sum(created for created, _, _ in outcomes) == 3 * SLICE
    assert {created + skipped for created, skipped, _ in outcomes} == {3 * SLICE}


async def test_the_largest_file_is_imported_in_one_call(ada: Person, files: Files) -> None:
    rows = "".join(f'{{"title": "task {number}", "description": "{"some words " * 60}"}}\n' for number in range(5_000))
    assert 3.5e6 < len(rows) < 4 * 1024 * 1024
    assert await files.import_(ada, rows) == (5_000, 0, [])
