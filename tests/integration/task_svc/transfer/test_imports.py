"""Importing tasks, over gRPC: each row makes one task, or the file none."""

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2

from mesh.mongo import Document
from task_svc.transfer.importing import SLICE
from tests.integration.task_svc.person import Person
from tests.integration.task_svc.transfer.files import Files
from tests.refusals import refused


async def stored(database: AsyncDatabase[Document]) -> list[Document]:
    return await database["tasks"].find().sort("_id").to_list()


async def test_a_file_that_is_imported_twice_has_one_effect(ada: Person, bob: Person, files: Files) -> None:
    table = "title,labels\nthe same,a\nother,\nthe same,a\n"
    assert await files.import_(ada, table) == (3, 0, [])
    first = list((await ada.page()).tasks)
    assert [task.title for task in first] == ["the same", "other", "the same"]
    assert await files.import_(ada, table) == (0, 3, [])
    # The same rows, told in another format.
    lines = '{"title": "the same", "labels": ["a"]}\n' * 3 + '{"title": "other", "description": ""}'
    assert await files.import_(ada, lines) == (1, 3, [])
    assert list((await ada.page()).tasks)[1:] == first
    assert await files.import_(bob, table) == (3, 0, [])


async def test_what_became_of_an_imported_task_is_left_alone(ada: Person, files: Files) -> None:
    rows = "id,title\nA-1,first\nA-2,second\n"
    assert await files.import_(ada, rows) == (2, 0, [])
    first, second = (await ada.page()).tasks
    changed = await ada.change(first.id, title="changed")
    await ada.delete(second.id)
    assert await files.import_(ada, rows.replace("first", "said otherwise") + "A-3,third") == (1, 2, [])
    assert [task.title for task in (await ada.page()).tasks if task != changed] == ["third"]
    assert (await ada.restore(second.id)).title == "second"


@pytest.mark.parametrize("dry_run", [True, False])
async def test_of_a_file_with_a_wrong_row_nothing_is_made(dry_run: bool, ada: Person, files: Files) -> None:
    rows = "title,status,createTime\n" + "fine,,\n" * SLICE + ",doing,\nx,,2999-01-01T00:00:00Z\n"
    line = SLICE + 2
    if dry_run:
        problems = [(line, "status"), (line, "title"), (line + 1, "createTime")]
        assert await files.import_(ada, rows, dry_run=True) == (0, 0, problems)
    else:
        with refused(reason_pb2.REASON_IMPORT_REFUSED) as refusal:
            await files.import_(ada, rows)
        assert refusal.fields == [f"content[{line}].status", f"content[{line}].title", f"content[{line + 1}].createTime"]
    assert list((await ada.page()).tasks) == []


async def test_the_longest_refusal_arrives(ada: Person, files: Files) -> None:
    columns = [f"{number:02}" + "\N{PARTY POPPER}" * 100 for number in range(50)]
    with refused(reason_pb2.REASON_IMPORT_REFUSED) as refusal:
        await files.import_(ada, ",".join(columns))
    assert refusal.fields == [f"content[1].{column[:40]}" for column in columns[:20]]


async def test_a_dry_run_tells_what_would_happen(ada: Person, files: Files, database: AsyncDatabase[Document]) -> None:
    await files.import_(ada, "title\none\n")
    before = await stored(database)
    assert await files.import_(ada, "title\none\ntwo\nthree\n", dry_run=True) == (2, 1, [])
    assert await stored(database) == before


async def test_each_imported_task_is_announced_once(ada: Person, files: Files, database: AsyncDatabase[Document]) -> None:
    for _ in range(2):
        await files.import_(ada, "title,status,createTime,completeTime\nx,done,2020-01-01T00:00:00Z,2020-01-02T00:00:00Z\n")
    (document,) = await stored(database)
    assert [(each["type"], each["sequence"]) for each in document["outbox"]] == [("task.created", 1)]
    (task,) = (await ada.page()).tasks
    times = [each.ToJsonString() for each in (task.create_time, task.complete_time)]
    assert times == ["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"]
    ((entry,), changed) = (await ada.history(task.id)).entries, task.update_time
    assert (entry.type, entry.time) == ("task.created", changed)


async def test_a_file_is_needed_and_has_a_largest_size(ada: Person, files: Files) -> None:
    for content in (b"", b"x" * (4 * 1024 * 1024 + 1)):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await files.import_(ada, content)
        assert refusal.fields == ["content"]
