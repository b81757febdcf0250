"""Files over REST: answered part by part as one, whole or visibly not; and taken as they are."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import transfer_service_pb2 as pb

from mesh.errors import FieldError, ServiceError, unavailable
from tests.integration.gateway.edge import Edge
from tests.integration.gateway.services import ScriptedServices, answering, raising
from tests.waiting import PATIENCE_S

EXPORT = "/api/tasks/export"
IMPORT = "/api/tasks/import"
CSV: dict[str, str | None] = {"Content-Type": "text/csv"}


def parts(contents: list[bytes], failure: Exception | None = None) -> Callable[[Any], Awaitable[Any]]:
    """Answers the contents one after the other; after the last, another part fails if there is a failure."""

    async def answer(request: pb.ExportTasksRequest) -> pb.ExportTasksResponse:
        number = int(request.page_token or 0)
        if number == len(contents):
            assert failure is not None
            raise failure
        is_last = number + 1 == len(contents) and failure is None
        token = None if is_last else str(number + 1)
        return pb.ExportTasksResponse(
            content_type="text/csv", file_name="tasks.csv", content=contents[number], next_page_token=token
        )

    return answer


async def test_the_parts_of_a_file_are_one_answer(edge: Edge, services: ScriptedServices) -> None:
    contents = [b"a" * 200_000, b"", b"b\n"]
    services.behaviours["ExportTasks"] = parts(contents)
    answer = await edge.call("GET", f"{EXPORT}?format=csv&status=todo", headers={"X-Request-Id": "of-the-file"})
    assert (answer.status, answer.text) == (200, b"".join(contents).decode())
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tasks.csv"'
    assert answer.headers["X-Request-Id"] == "of-the-file"
    assert "Content-Length" not in answer.headers
    assert [call.request.page_token for call in services.calls] == ["", "1", "2"]
    for call in services.calls:
        assert (call.request.format, list(call.request.status)) == (pb.TRANSFER_FORMAT_CSV, [task_pb2.STATUS_TODO])
        assert (call.metadata["x-request-id"], call.metadata["authorization"][:7]) == ("of-the-file", "Bearer ")
        # More than a gateway gives that was told nothing.
        assert 15 < call.time_remaining_s < PATIENCE_S + 1


async def test_a_small_file_is_an_answer_like_any_other(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["ExportTasks"] = parts([b"title\r\nx\r\n"])
    answer = await edge.call("GET", EXPORT)
    assert (answer.text, answer.headers["Content-Length"]) == ("title\r\nx\r\n", "10")


async def test_head_answers_without_the_file(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["ExportTasks"] = parts([b"a", b"b"])
    answer = await edge.call("HEAD", EXPORT)
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, "", "text/csv")
    assert len(services.calls) == 1


async def test_before_the_first_part_a_failure_is_an_answer(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["ExportTasks"] = raising(unavailable("the database"))
    assert (await edge.call("GET", EXPORT)).json["code"] == "unavailable"
    assert (await edge.call("GET", EXPORT, headers={"Authorization": None})).status == 401
    refused = (await edge.call("GET", f"{EXPORT}?pageToken=1")).json
    assert refused["errors"] == [{"parameter": "pageToken", "message": "is not a parameter of this request"}]


@pytest.mark.parametrize("failure", [unavailable("the database"), ZeroDivisionError()])
async def test_a_file_that_breaks_off_does_not_look_whole(failure: Exception, edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["ExportTasks"] = parts([b"a\n" * 1000, b"b\n"], failure)
    with pytest.raises(aiohttp.ClientError):
        await edge.call("GET", EXPORT)
    # Where only the end of the connection ends an answer, it must be no orderly end.
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(f"GET {EXPORT} HTTP/1.0\r\nAuthorization: {edge.authorization}\r\n\r\n".encode())
    with pytest.raises(ConnectionResetError):
        await reader.read(-1)
    writer.close()


async def test_a_client_that_takes_nothing_is_not_run_after(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["ExportTasks"] = parts([b"x" * 1_000_000] * 100)
    async with edge.session.get(EXPORT, headers={"Authorization": edge.authorization}) as response:
        await response.content.readany()
        for _ in range(20):
            assert (await edge.call("GET", "/api/tasks")).status == 200
        asked_for = len([call for call in services.calls if call.method == "ExportTasks"])
        assert asked_for < 50
        assert len(await response.read()) > 99_000_000


async def test_a_file_is_passed_on_as_it_is(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["ImportTasks"] = answering(pb.ImportTasksResponse(created=2))
    content = b"\xff\x00\r\n" * 1_000_000
    answer = await edge.call("POST", f"{IMPORT}?format=CSV&dryRun=true", data=BytesIO(content), headers=CSV)
    assert (answer.status, answer.json) == (200, {"created": 2, "skipped": 0, "problems": []})
    assert services.calls[0].request == pb.ImportTasksRequest(content=content, format=pb.TRANSFER_FORMAT_CSV, dry_run=True)
    for kind in ("application/x-ndjson", "application/jsonl; charset=utf-8"):
        assert (await edge.call("POST", IMPORT, data=b"{}", headers={"Content-Type": kind})).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "text/csv; charset=latin-1"}, 415),
        ({**CSV, "Content-Encoding": "gzip"}, 415),
        (CSV, 413),
    ],
)
async def test_a_file_of_another_kind_or_size_is_refused(
    headers: dict[str, str | None], status: int, edge: Edge, services: ScriptedServices
) -> None:
    size = 4 * 1024 * 1024 + (status == 413)
    assert (await edge.call("POST", IMPORT, data=BytesIO(b"x" * size), headers=headers)).status == status
    assert services.calls == []


async def test_what_is_wrong_with_a_file_is_pointed_to_by_line_and_column(edge: Edge, services: ScriptedServices) -> None:
    fields = [FieldError("content[7].dueTime", "must be a time"), FieldError("content[9]", "is not UTF-8")]
    services.behaviours["ImportTasks"] = raising(ServiceError(reason_pb2.REASON_IMPORT_REFUSED, "no", fields=fields))
    answer = await edge.call("POST", IMPORT, data=b"x", headers=CSV)
    assert (answer.status, answer.json["code"]) == (422, "import_refused")
    assert [error["pointer"] for error in answer.json["errors"]] == ["/7/dueTime", "/9"]
