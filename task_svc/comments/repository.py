"""Keeps comments in MongoDB, each with its outbox. Holds no rules.

A document is a comment and the event that announces it, so that both are one atomic write. Updates set fields and never replace a
document; a deleted comment stays as a tombstone without its text until its event is out and it is purged (task_svc/purge.py).
"""

from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from mesh import outbox, pages
from mesh.inserts import Inserter
from mesh.mongo import Document, object_id
from mesh.outbox import Outbox
from mesh.transactions import session
from task_svc.comments.mapping import event_to_envelope
from task_svc.comments.model import Comment
from task_svc.comments.use_cases import Commented, Page
from task_svc.finding import DELETED, EXISTING

COMMENTS = "comments"
FIELDS = {outbox.FIELD: False}
TOMBSTONE: Document = {**DELETED, "body": ""}
CREATE_TIME = "createTime"
# Whether it is deleted comes before the time, so that tombstones are not looked at.
OF_TASK = [(field, ASCENDING) for field in ("taskId", "deleted", CREATE_TIME, "_id")]
INDEXES = [
    IndexModel(OF_TASK, name="of_task_oldest_first"),
    IndexModel([("deleted", ASCENDING)], name="tombstones", partialFilterExpression=DELETED),
]


class MongoCommentRepository:
    def __init__(self, database: AsyncDatabase[Document], outbox: Outbox) -> None:
        self._comments, self._outbox = database[COMMENTS], outbox
        self._insert = Inserter(self._comments)

    async def ensure_indexes(self) -> None:
        await self._comments.create_indexes(INDEXES)
        await self._outbox.ensure_indexes()

    async def add(self, commented: Commented) -> None:
        envelope, key = event_to_envelope(commented), ObjectId(commented.comment.id)
        await self._insert({"_id": key, **_to_fields(commented.comment), **EXISTING, outbox.FIELD: [envelope.to_document()]})
        self._outbox.publish_soon(key, envelope)

    async def get(self, task_id: str, comment_id: str) -> Comment | None:
        key = object_id(comment_id)
        if key is None:
            return None
        wanted = {"_id": key, "taskId": ObjectId(task_id), **EXISTING}
        document = await self._comments.find_one(wanted, FIELDS, session=session())
        return _to_comment(document) if document else None

    async def list(self, task_id: str, page_size: int, page_token: str) -> Page:
        name = f"comments on task {task_id}"
        position = pages.from_token(name, page_token)
        wanted: Document = {"taskId": ObjectId(task_id), **EXISTING}
        if position:
            wanted |= position.beyond(CREATE_TIME, descending=False)
        found = self._comments.find(wanted, FIELDS).sort([(CREATE_TIME, ASCENDING), ("_id", ASCENDING)]).limit(page_size + 1)
        comments = [_to_comment(document) for document in await found.to_list()]
        if len(comments) <= page_size:
            return Page(comments, None)
        last = comments[page_size - 1]
        return Page(comments[:page_size], pages.to_token(name, pages.Position(last.create_time, ObjectId(last.id))))

    async def update(self, comment: Comment) -> bool:
        return await self._replace_version(comment, comment.version - 1, _to_fields(comment))

    async def delete(self, comment: Comment) -> bool:
        return await self._replace_version(comment, comment.version, TOMBSTONE)

    async def _replace_version(self, comment: Comment, stored: int, fields: Document) -> bool:
        before = {"_id": ObjectId(comment.id), "version": stored, **EXISTING}
        result = await self._comments.update_one(before, {"$set": fields}, session=session())
        return result.matched_count == 1


def _to_fields(comment: Comment) -> Document:
    return {
        "taskId": ObjectId(comment.task_id),
        "authorId": comment.author_id,
        "body": comment.body,
        CREATE_TIME: comment.create_time,
        "updateTime": comment.update_time,
        "version": comment.version,
    }


def _to_comment(document: Any) -> Comment:
    return Comment(
        id=str(document["_id"]),
        task_id=str(document["taskId"]),
        author_id=document["authorId"],
        body=document["body"],
        create_time=document[CREATE_TIME],
        update_time=document["updateTime"],
        version=document["version"],
    )
