"""Somebody who comments on tasks in tests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unified.task.v1 import comment_pb2
from unified.task.v1 import comment_service_pb2 as pb

from tests.callers import Metadata

if TYPE_CHECKING:
    from unified.task.v1.comment_service_pb2_grpc import CommentServiceAsyncStub

TIMEOUT_S = 10.0
NOWHERE = "665f1f77bcf86cd799439099"


@dataclass(frozen=True)
class Commenter:
    """A user who is signed in."""

    stub: "CommentServiceAsyncStub"
    user_id: str
    metadata: Metadata

    async def says(self, task_id: str, body: str = "Who tells them?", *, key: str = "") -> comment_pb2.Comment:
        return await self.sends(task_id, comment_pb2.Comment(body=body), key=key)

    async def sends(self, task_id: str, comment: comment_pb2.Comment, *, key: str = "") -> comment_pb2.Comment:
        """As it is."""
        request = pb.CreateCommentRequest(task_id=task_id, comment=comment)
        metadata = (*self.metadata, ("idempotency-key", key)) if key else self.metadata
        return (await self.stub.CreateComment(request, metadata=metadata, timeout=TIMEOUT_S)).comment

    async def get(self, task_id: str, comment_id: str) -> comment_pb2.Comment:
        request = pb.GetCommentRequest(task_id=task_id, id=comment_id)
        return (await self.stub.GetComment(request, metadata=self.metadata, timeout=TIMEOUT_S)).comment

    async def page(self, task_id: str, page_size: int | None = None, page_token: str = "") -> pb.ListCommentsResponse:
        request = pb.ListCommentsRequest(task_id=task_id, page_size=page_size, page_token=page_token)
        return await self.stub.ListComments(request, metadata=self.metadata, timeout=TIMEOUT_S)

    async def pages(self, task_id: str, page_size: int | None = None) -> AsyncIterator[list[comment_pb2.Comment]]:
        """All pages of a list, one after the other."""
        page = await self.page(task_id, page_size)
        yield list(page.comments)
        while page.HasField("next_page_token"):
            page = await self.page(task_id, page_size, page.next_page_token)
            yield list(page.comments)

    async def changes(self, comment: comment_pb2.Comment, if_match: str = "", **fields: Any) -> comment_pb2.Comment:
        """Change these fields of the comment."""
        new = comment_pb2.Comment(**fields)
        request = pb.UpdateCommentRequest(task_id=comment.task_id, id=comment.id, comment=new, etag=if_match)
        request.update_mask.paths.extend(fields)
        return (await self.stub.UpdateComment(request, metadata=self.metadata, timeout=TIMEOUT_S)).comment

    async def deletes(self, comment: comment_pb2.Comment, etag: str = "") -> None:
        request = pb.DeleteCommentRequest(task_id=comment.task_id, id=comment.id, etag=etag)
        await self.stub.DeleteComment(request, metadata=self.metadata, timeout=TIMEOUT_S)
