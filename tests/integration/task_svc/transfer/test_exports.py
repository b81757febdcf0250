"""Exporting tasks, over gRPC."""

import orjson
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import transfer_service_pb2 as pb

from tests.integration.task_svc.person import TIMEOUT_S, Person
from tests.integration.task_svc.transfer.files import Files
from tests.refusals import refused


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
