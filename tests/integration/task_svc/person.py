"""Somebody who uses the task service in tests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb

from tests.callers import Metadata

if TYPE_CHECKING:
    from unified.task.v1.task_service_pb2_grpc import TaskServiceAsyncStub

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Person:
    """A user who is signed in."""

    stub: "TaskServiceAsyncStub"
    user_id: str
    metadata: Metadata

    async def create(self, title: str = "Ship it", **fields: Any) -> task_pb2.Task:
        request = pb.CreateTaskRequest(task=task_pb2.Task(title=title, **fields))
        return (await self.stub.CreateTask(request, metadata=self.metadata, timeout=TIMEOUT_S)).task

    async def get(self, task_id: str) -> task_pb2.Task:
        return (await self.stub.GetTask(pb.GetTaskRequest(id=task_id), metadata=self.metadata, timeout=TIMEOUT_S)).task

    async def page(self, page_size: int | None = None, page_token: str = "", **question: Any) -> pb.ListTasksResponse:
        request = pb.ListTasksRequest(page_size=page_size, page_token=page_token, **question)
        return await self.stub.ListTasks(request, metadata=self.metadata, timeout=TIMEOUT_S)

    async def pages(self, page_size: int | None = None, **question: Any) -> AsyncIterator[list[task_pb2.Task]]:
        """All pages of a list, one after the other."""
        token = ""
        while True:
            page = await self.page(page_size, token, **question)
            yield list(page.tasks)
            if not page.HasField("next_page_token"):
                return
            token = page.next_page_token

    async def change(self, task_id: str, etag: str = "", **fields: Any) -> task_pb2.Task:
        """Change these fields; None clears one."""
        request = pb.UpdateTaskRequest(id=task_id, task=task_pb2.Task(**fields), etag=etag)
        request.update_mask.paths.extend(fields)
        return (await self.stub.UpdateTask(request, metadata=self.metadata, timeout=TIMEOUT_S)).task

    async def delete(self, task_id: str, etag: str = "") -> None:
        await self.stub.DeleteTask(pb.DeleteTaskRequest(id=task_id, etag=etag), metadata=self.metadata, timeout=TIMEOUT_S)

    async def batch(self, *operations: pb.TaskOperation, metadata: Metadata = ()) -> list[pb.TaskOperationResult]:
        request = pb.BatchTasksRequest(operations=operations)
        answer = await self.stub.BatchTasks(request, metadata=(*self.metadata, *metadata), timeout=TIMEOUT_S)
        return list(answer.results)

    async def history(self, task_id: str, page_size: int | None = None, page_token: str = "") -> pb.ListTaskHistoryResponse:
        request = pb.ListTaskHistoryRequest(id=task_id, page_size=page_size, page_token=page_token)
        return await self.stub.ListTaskHistory(request, metadata=self.metadata, timeout=TIMEOUT_S)

    async def restore(self, task_id: str) -> task_pb2.Task:
        request = pb.RestoreTaskRequest(id=task_id)
        return (await self.stub.RestoreTask(request, metadata=self.metadata, timeout=TIMEOUT_S)).task
