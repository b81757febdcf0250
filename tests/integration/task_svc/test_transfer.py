"""Exporting and importing tasks, over gRPC."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import orjson
import pytest
from bson import ObjectId
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import transfer_service_pb2 as pb
from unified.task.v1.transfer_service_pb2_grpc import TransferServiceStub

from mesh.mongo import Document
from task_svc.transfer import lines
from task_svc.transfer.importing import SLICE
from task_svc.transfer.records import to_record
from tests.callers import signed_in
from tests.integration.task_svc.person import TIMEOUT_S, Person
from tests.made_tasks import TASKS
from tests.refusals import refused

if TYPE_CHECKING:
    from unified.task.v1.transfer_service_pb2_grpc import TransferServiceAsyncStub

DUE = Timestamp(seconds=1893456000, nanos=123_000_000)
FORMATS = [pb.TRANSFER_FORMAT_JSONL, pb.TRANSFER_FORMAT_CSV]


@dataclass(frozen=True)
class Files:
    """What somebody takes out and in."""

    stub: "TransferServiceAsyncStub"

    async def parts(self, person: Person, **question: Any) -> list[pb.ExportTasksResponse]:
        parts: list[pb.ExportTasksResponse] = []
        while not parts or parts[-1].HasField("next_page_token"):
            token = parts[-1].next_page_token if parts else ""
            request = pb.ExportTasksRequest(page_token=token, **question)
            parts.append(await self.stub.ExportTasks(request, metadata=person.metadata, timeout=TIMEOUT_S))
        return parts

    async def export(self, person: Person, **question: Any) -> bytes:
        return b"".join(part.content for part in await self.parts(person, **question))

    async def import_(self, person: Person, content: bytes | str, **options: Any) -> tuple[int, int, list[tuple[int, str]]]:
        """How many were created and skipped, and the places of problems."""
        data = content.encode() if isinstance(content, str) else content
        request = pb.ImportTasksRequest(content=data, **options)
        answer = await self.stub.ImportTasks(request, metadata=person.metadata, timeout=TIMEOUT_S)
        return answer.created, answer.skipped, [(each.line, each.column) for each in answer.problems]


@pytest.fixture
def files(channel: grpc.aio.Channel) -> Files:
    return Files(TransferServiceStub(channel))


async def stored(database: AsyncDatabase[Document]) -> list[Document]:
    return await database["tasks"].find().sort("_id").to_list()


def said(task: task_pb2.Task, *but: str) -> task_pb2.Task:
    """The task without what is its own after an import."""
    copy = task_pb2.Task()
    copy.CopyFrom(task)
    copy.labels[:] = dict.fromkeys(task.labels)
    for clear in ("id", "owner_id", "update_time", "etag", *but):
        copy.ClearField(clear)  # type: ignore[arg-type]
    return copy


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=st.lists(TASKS, min_size=1, max_size=20))
async def test_any_tasks_survive_an_export_and_an_import(
    tasks: list[task_pb2.Task], ada: Person, files: Files, jwt_secret: str
) -> None:
    for number, task in enumerate(tasks):
        task.id = f"task {number}"
        task.assignee_id = ""
    content = lines.write(map(to_record, tasks))
    for form in (pb.TRANSFER_FORMAT_JSONL, *FORMATS):
        user_id = str(ObjectId())
        person = Person(ada.stub, user_id, signed_in(user_id, jwt_secret))
        assert await files.import_(person, content) == (len(tasks), 0, [])
        kept = list((await person.page()).tasks)
        assert [said(each, "create_time", "complete_time") for each in kept] == [said(each) for each in tasks]
        content = await files.export(person, format=form)


@pytest.mark.parametrize("form", FORMATS)
async def test_what_is_exported_can_be_imported_by_somebody_else(form: int, ada: Person, bob: Person, files: Files) -> None:
    await ada.create("=HYPERLINK()", description='two\r\nlines, "quoted"', labels=["a,b", 'c "d"'], due_time=DUE)
    task = await ada.create("\N{ROCKET}", priority=task_pb2.PRIORITY_URGENT)
    await ada.change(task.id, status=task_pb2.STATUS_DONE)
    await bob.create("of Bob")
    content = await files.export(ada, format=form)
    assert await files.import_(bob, content) == (2, 0, [])
    mine, theirs = list((await ada.page()).tasks), list((await bob.page()).tasks)
    assert [said(each) for each in mine] == [said(each) for each in theirs[1:]]
    assert {each.owner_id for each in theirs} == {bob.user_id}
    assert not {each.id for each in mine} & {each.id for each in theirs}


async def test_an_export_has_every_task_of_the_caller_and_no_other(ada: Person, bob: Person, files: Files) -> None:
    rows = "".join(f'{{"title": "{number}"}}\n' for number in range(250))
    assert await files.import_(ada, rows) == (250, 0, [])
    await bob.create("of Bob")
    gone = await ada.create("deleted")
    await ada.delete(gone.id)
    parts = await files.parts(ada)
    assert [len(part.content.splitlines()) for part in parts] == [100, 100, 50]
    titles = [orjson.loads(line)["title"] for part in parts for line in part.content.splitlines()]
    assert titles == [str(number) for number in range(250)]
    table = await files.parts(ada, format=pb.TRANSFER_FORMAT_CSV)
    assert [len(part.content.splitlines()) for part in table] == [101, 100, 50]
    assert {(part.content_type, part.file_name) for part in table} == {("text/csv", "tasks.csv")}


async def test_an_export_takes_the_filters_of_the_list(ada: Person, files: Files) -> None:
    await ada.create("one", labels=["x"])
    await ada.create("two", labels=["x"], status=task_pb2.STATUS_DONE)
    await ada.create("three")
    content = await files.export(ada, label=["x"], order_by="createTime")
    assert [orjson.loads(line)["title"] for line in content.splitlines()] == ["one", "two"]
    parts = await files.parts(ada, status=[task_pb2.STATUS_DONE])
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await files.stub.ExportTasks(pb.ExportTasksRequest(page_token="x"), metadata=ada.metadata, timeout=TIMEOUT_S)
    assert (len(parts), refusal.fields) == (1, ["page_token"])
    assert await files.export(ada, q="nothing") == b""


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


async def test_ones_own_export_brings_back_only_what_is_missing(ada: Person, bob: Person, files: Files) -> None:
    kept, gone = await ada.create("kept", description="as it was"), await ada.create("gone", labels=["a"])
    content = await files.export(ada, format=pb.TRANSFER_FORMAT_CSV)
    await ada.change(kept.id, title="changed")
    await ada.delete(gone.id)
    for created in (1, 0):
        assert await files.import_(ada, content) == (created, 2 - created, [])
    back, still = (await ada.page()).tasks
    assert (said(back), still.title) == (said(gone), "changed")
    # To somebody else those ids say nothing, and give away nothing.
    assert await files.import_(bob, content) == (2, 0, [])


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


async def test_imports_of_one_file_at_once_make_each_task_once(ada: Person, files: Files) -> None:
    rows = "title\n" + "".join(f"{number}\n" for number in range(3 * SLICE))
    outcomes = await asyncio.gather(*(files.import_(ada, rows) for _ in range(4)))
    assert sum(created for created, _, _ in outcomes) == 3 * SLICE
    assert {created + skipped for created, skipped, _ in outcomes} == {3 * SLICE}


async def test_the_largest_file_is_imported_in_time(ada: Person, files: Files) -> None:
    rows = "".join(f'{{"title": "task {number}", "description": "{"some words " * 60}"}}\n' for number in range(5_000))
    assert 3.5e6 < len(rows) < 4 * 1024 * 1024
    assert await files.import_(ada, rows) == (5_000, 0, [])


async def test_a_file_is_needed_and_has_a_largest_size(ada: Person, files: Files) -> None:
    for content in (b"", b"x" * (4 * 1024 * 1024 + 1)):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await files.import_(ada, content)
        assert refusal.fields == ["content"]
