"""What somebody takes out and in, in tests."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unified.task.v1 import task_pb2
from unified.task.v1 import transfer_service_pb2 as pb

from tests.integration.task_svc.person import TIMEOUT_S, Person

if TYPE_CHECKING:
    from unified.task.v1.transfer_service_pb2_grpc import TransferServiceAsyncStub

# The longest that a service gives a call: how fast the largest file is, is no test's affair.
IMPORT_TIMEOUT_S = 60.0


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
        answer = await self.stub.ImportTasks(request, metadata=person.metadata, timeout=IMPORT_TIMEOUT_S)
        return answer.created, answer.skipped, [(each.line, each.column) for each in answer.problems]


def said(task: task_pb2.Task, *but: str) -> task_pb2.Task:
    """The task without what is its own after an import."""
    copy = task_pb2.Task()
    copy.CopyFrom(task)
    copy.labels[:] = dict.fromkeys(task.labels)
    for clear in ("id", "owner_id", "update_time", "etag", *but):
        copy.ClearField(clear)  # type: ignore[arg-type]
    return copy
