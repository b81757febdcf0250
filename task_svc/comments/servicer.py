"""The gRPC edge of comments: proto in, use case, proto out."""

from unified.task.v1 import comment_service_pb2 as pb
from unified.task.v1.comment_service_pb2_grpc import CommentServiceServicer

from mesh import pages
from mesh.identity import current_caller
from mesh.interceptors import Context
from task_svc.comments.mapping import changes_of, comment_to_proto, page_to_proto
from task_svc.comments.use_cases import CommentUseCases


class CommentServicer(CommentServiceServicer):
    def __init__(self, use_cases: CommentUseCases) -> None:
        self._use_cases = use_cases

    async def CreateComment(self, request: pb.CreateCommentRequest, context: Context) -> pb.CreateCommentResponse:
        comment = await self._use_cases.create(current_caller().user_id, request.task_id, request.comment.body)
        return pb.CreateCommentResponse(comment=comment_to_proto(comment))

    async def ListComments(self, request: pb.ListCommentsRequest, context: Context) -> pb.ListCommentsResponse:
        page_size = request.page_size if request.HasField("page_size") else pages.LARGEST
        caller_id = current_caller().user_id
        return page_to_proto(await self._use_cases.list(caller_id, request.task_id, page_size, request.page_token))

    async def GetComment(self, request: pb.GetCommentRequest, context: Context) -> pb.GetCommentResponse:
        comment = await self._use_cases.get(current_caller().user_id, request.task_id, request.id)
        return pb.GetCommentResponse(comment=comment_to_proto(comment))

    async def UpdateComment(self, request: pb.UpdateCommentRequest, context: Context) -> pb.UpdateCommentResponse:
        caller_id, changes = current_caller().user_id, changes_of(request)
        comment = await self._use_cases.change(caller_id, request.task_id, request.id, changes, request.etag)
        return pb.UpdateCommentResponse(comment=comment_to_proto(comment))

    async def DeleteComment(self, request: pb.DeleteCommentRequest, context: Context) -> pb.DeleteCommentResponse:
        await self._use_cases.delete(current_caller().user_id, request.task_id, request.id, request.etag)
        return pb.DeleteCommentResponse()
