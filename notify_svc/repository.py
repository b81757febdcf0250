"""Keeps notifications in MongoDB. Holds no rules; the unique index on event and recipient is what "exactly one" rests on."""

from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from mesh import pages
from mesh.inserts import Inserter
from mesh.mongo import Document
from notify_svc.model import Notification
from notify_svc.use_cases import Page

INDEXES = [
    IndexModel([("eventId", ASCENDING), ("recipientId", ASCENDING)], name="once_per_event", unique=True),
    IndexModel([("recipientId", ASCENDING), ("createTime", DESCENDING), ("_id", DESCENDING)], name="of_recipient_newest_first"),
]
NEWEST_FIRST = [("createTime", DESCENDING), ("_id", DESCENDING)]
QUESTION = "notifications newest first"


class MongoNotificationRepository:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._notifications = database["notifications"]
        self._insert = Inserter(self._notifications)

    async def ensure_indexes(self) -> None:
        await self._notifications.create_indexes(INDEXES)

    async def add_once(self, notification: Notification) -> bool:
        try:
            await self._insert(_to_document(notification))
        except DuplicateKeyError:
            return False
        return True

    async def list(self, recipient_id: str, page_size: int, page_token: str) -> Page:
        position = pages.from_token(QUESTION, page_token)
        beyond = position.beyond("createTime") if position else {}
        found = self._notifications.find({"recipientId": recipient_id, **beyond})
        documents = await found.sort(NEWEST_FIRST).limit(page_size + 1).to_list()
        listed = [_to_notification(document) for document in documents[:page_size]]
        if len(documents) <= page_size:
            return Page(listed, None)
        return Page(listed, pages.to_token(QUESTION, pages.Position(listed[-1].create_time, ObjectId(listed[-1].id))))


def _to_document(notification: Notification) -> Document:
    return {
        "_id": ObjectId(notification.id),
        "recipientId": notification.recipient_id,
        "eventId": notification.event_id,
        "type": notification.type,
        "title": notification.title,
        "body": notification.body,
        "taskId": notification.task_id,
        "actorId": notification.actor_id,
        "createTime": notification.create_time,
    }


def _to_notification(document: Any) -> Notification:
    return Notification(
        id=str(document["_id"]),
        recipient_id=document["recipientId"],
        event_id=document["eventId"],
        type=document["type"],
        title=document["title"],
        body=document["body"],
        task_id=document["taskId"],
        actor_id=document["actorId"],
        create_time=document["createTime"],
    )
