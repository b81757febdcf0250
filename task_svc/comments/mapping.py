"""Comments between the model, the contract and the events."""

from typing import Any

from unified.task.v1 import comment_pb2, task_events_pb2
from unified.task.v1 import comment_service_pb2 as pb

from mesh.events import Event
from mesh.identity import CALLER
from mesh.logs import request_id
from mesh.times import to_timestamp
from mesh.tracing import traceparent
from task_svc.comments.model import Comment
from task_svc.comments.use_cases import Commented, Page
from task_svc.mapping import SOURCE, task_to_proto


def changes_of(request: pb.UpdateCommentRequest) -> dict[str, Any]:
    """The values that the request's mask names; validation let no others into the mask."""
    return {name: getattr(request.comment, name) for name in request.update_mask.paths}


def comment_to_proto(comment: Comment) -> comment_pb2.Comment:
    return comment_pb2.Comment(
        id=comment.id,
        task_id=comment.task_id,
        author_id=comment.author_id,
        body=comment.body,
        create_time=to_timestamp(comment.create_time),
        update_time=to_timestamp(comment.update_time),
        etag=comment.etag,
    )


def page_to_proto(page: Page) -> pb.ListCommentsResponse:
    return pb.ListCommentsResponse(comments=map(comment_to_proto, page.comments), next_page_token=page.next_page_token)


def event_to_envelope(commented: Commented) -> Event:
    comment, caller = commented.comment, CALLER.get()
    payload = task_events_pb2.TaskEvent(
        actor_id=comment.author_id,
        actor_name=caller.name if caller else "",
        task=task_to_proto(commented.task),
        commented=task_events_pb2.TaskCommented(comment_id=comment.id, excerpt=comment.excerpt),
    )
    return Event(
        id=commented.event_id,
        type="task.commented",
        source=SOURCE,
        subject=comment.id,
        time=comment.create_time,
        sequence=comment.version,
        schema=payload.DESCRIPTOR.full_name,
        data=payload.SerializeToString(),
        request_id=request_id.get(),
        traceparent=traceparent.get(),
    )
