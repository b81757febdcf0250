"""The gRPC edge of the task service: proto in, use case, proto out."""

from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.task_service_pb2_grpc import TaskServiceServicer

from mesh import pages
from mesh.identity import current_caller
from mesh.interceptors import Context
from task_svc.batch import Batches
from task_svc.feed import TaskFeed, news_to_proto
from task_svc.mapping import changes_of, history_to_proto, page_to_proto, question_of, task_to_proto, values_of
from task_svc.use_cases import TaskUseCases


class TaskServicer(TaskServiceServicer):
    def __init__(self, use_cases: TaskUseCases, batches: Batches, feed: TaskFeed) -> None:
        self._use_cases, self._batches, self._feed = use_cases, batches, feed

    async def CreateTask(self, request: pb.CreateTaskRequest, context: Context) -> pb.CreateTaskResponse:
        task = await self._use_cases.create(current_caller().user_id, values_of(request.task))
        return pb.CreateTaskResponse(task=task_to_proto(task))

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        task = await self._use_cases.get(current_caller().user_id, request.id)
        return pb.GetTaskResponse(task=task_to_proto(task))

    async def ListTasks(self, request: pb.ListTasksRequest, context: Context) -> pb.ListTasksResponse:
        page_size = request.page_size if request.HasField("page_size") else pages.LARGEST
        caller_id, question = current_caller().user_id, question_of(request)
        return page_to_proto(await self._use_cases.list(caller_id, question, page_size, request.page_token))

    async def ListTaskChanges(self, request: pb.ListTaskChangesRequest, context: Context) -> pb.ListTaskChangesResponse:
        caller_id = current_caller().user_id
        return news_to_proto(await self._feed.changes(caller_id, request.after, pages.LARGEST, request.page_token))

    async def UpdateTask(self, request: pb.UpdateTaskRequest, context: Context) -> pb.UpdateTaskResponse:
        caller_id, changes = current_caller().user_id, changes_of(request)
        task = await self._use_cases.change(caller_id, request.id, changes, request.etag)
        return pb.UpdateTaskResponse(task=task_to_proto(task))

    async def DeleteTask(self, request: pb.DeleteTaskRequest, context: Context) -> pb.DeleteTaskResponse:
        await self._use_cases.delete(current_caller().user_id, request.id, request.etag)
        return pb.DeleteTaskResponse()

    async def RestoreTask(self, request: pb.RestoreTaskRequest, context: Context) -> pb.RestoreTaskResponse:
        task = await self._use_cases.restore(current_caller().user_id, request.id)
        return pb.RestoreTaskResponse(task=task_to_proto(task))

    async def BatchTasks(self, request: pb.BatchTasksRequest, context: Context) -> pb.BatchTasksResponse:
        return pb.BatchTasksResponse(results=await self._batches.run(current_caller().user_id, request.operations))

    async def ListTaskHistory(self, request: pb.ListTaskHistoryRequest, context: Context) -> pb.ListTaskHistoryResponse:
        page_size = request.page_size if request.HasField("page_size") else pages.LARGEST
        caller_id = current_caller().user_id
        return history_to_proto(await self._use_cases.history(caller_id, request.id, page_size, request.page_token))
