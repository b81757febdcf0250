"""Writes tasks into files, part by part."""

from unified.task.v1 import transfer_service_pb2 as pb

from mesh import pages
from task_svc.mapping import question_of, task_to_proto
from task_svc.transfer.files import FORMATS, JSONL
from task_svc.transfer.records import to_record
from task_svc.use_cases import TaskUseCases


class Exports:
    def __init__(self, use_cases: TaskUseCases) -> None:
        self._use_cases = use_cases

    async def part(self, caller_id: str, request: pb.ExportTasksRequest) -> pb.ExportTasksResponse:
        """A page of the list that the request asks for, as rows of the file."""
        form = FORMATS.get(request.format, JSONL)
        page = await self._use_cases.list(caller_id, question_of(request), pages.LARGEST, request.page_token)
        rows = form.write(to_record(task_to_proto(task)) for task in page.tasks)
        return pb.ExportTasksResponse(
            content_type=form.content_type,
            file_name=form.file_name,
            content=rows if request.page_token else form.header + rows,
            next_page_token=page.next_page_token,
        )
