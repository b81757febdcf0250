"""The gRPC edge of exports and imports."""

from unified.task.v1 import transfer_service_pb2 as pb
from unified.task.v1.transfer_service_pb2_grpc import TransferServiceServicer

from mesh.identity import current_caller
from mesh.interceptors import Context
from task_svc.transfer.exporting import Exports
from task_svc.transfer.importing import Imports


class TransferServicer(TransferServiceServicer):
    def __init__(self, exports: Exports, imports: Imports) -> None:
        self._exports, self._imports = exports, imports

    async def ExportTasks(self, request: pb.ExportTasksRequest, context: Context) -> pb.ExportTasksResponse:
        return await self._exports.part(current_caller().user_id, request)

    async def ImportTasks(self, request: pb.ImportTasksRequest, context: Context) -> pb.ImportTasksResponse:
        outcome = await self._imports.run(current_caller().user_id, request)
        problems = [pb.ImportProblem(line=each.line, column=each.column, message=each.message) for each in outcome.problems]
        return pb.ImportTasksResponse(created=outcome.created, skipped=outcome.skipped, problems=problems)
