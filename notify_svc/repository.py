"""Keeps notifications in MongoDB. Holds no rules; the unique index on event and recipient is what "exactly one" rests on.

`state` and `unseen` follow from the times beside them; they are stored because lists and counts are answered from indexes on
them. Which index answers a list is said by name: the planner's guess depends on what it saw last.
"""

from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from mesh import pages
from mesh.inserts import Inserter
from mesh.mongo import Document, object_id
from mesh.transactions import session
from notify_svc.model import INBOX, SHOWN, Notification, State
from notify_svc.use_cases import Page, Question

COLLECTION = "notifications"
NEWEST_FIRST = [("createTime", DESCENDING), ("_id", DESCENDING)]
BY_STATE, BY_TYPE, UNSEEN, STATELESS = "of_recipient_by_state", "of_recipient_by_type", "unseen_of_recipient", "stateless"
BY_ARRIVAL = "of_recipient_by_arrival"
NEW = "new notifications"
INDEXES = [
    IndexModel([("eventId", ASCENDING), ("recipientId", ASCENDING)], name="once_per_event", unique=True),
    IndexModel([("recipientId", ASCENDING), ("state", ASCENDING), *NEWEST_FIRST], name=BY_STATE),
    IndexModel([("recipientId", ASCENDING), ("type", ASCENDING), ("state", ASCENDING), *NEWEST_FIRST], name=BY_TYPE),
    IndexModel(
        [("recipientId", ASCENDING), ("unseen", ASCENDING), *NEWEST_FIRST], name=UNSEEN, partialFilterExpression={"unseen": True}
    ),
    IndexModel([("recipientId", ASCENDING), ("_id", ASCENDING)], name=BY_ARRIVAL),
    IndexModel([("state", ASCENDING)], name=STATELESS, partialFilterExpression={"state": None}),
]
# What notifications lack that were stored before there were states.
UNTOUCHED: Document = {"state": State.UNREAD.value, "unseen": True, "seenTime": None, "readTime": None, "archiveTime": None}


class MongoNotificationRepository:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._notifications = database[COLLECTION]
        self._insert = Inserter(self._notifications)

    async def ensure_indexes(self) -> None:
        """Also give a state to notifications that have none; when all have one, that is a look into an empty index."""
        await self._notifications.create_indexes(INDEXES)
        await self._notifications.update_many({"state": None}, {"$set": UNTOUCHED}, hint=STATELESS)

    async def add_once(self, notification: Notification) -> bool:
        try:
            await self._insert(_to_document(notification))
        except DuplicateKeyError:
            return False
        return True

    async def get(self, recipient_id: str, notification_id: str) -> Notification | None:
        key = object_id(notification_id)
        return None if key is None else await self._find_one({"_id": key, "recipientId": recipient_id})

    async def of_event(self, recipient_id: str, event_id: str) -> Notification | None:
        return await self._find_one({"eventId": event_id, "recipientId": recipient_id})

    async def _find_one(self, wanted: Document) -> Notification | None:
        document = await self._notifications.find_one(wanted, session=session())
        return _to_notification(document) if document else None

    async def list(self, recipient_id: str, question: Question, page_size: int, page_token: str) -> Page:
        title = f"notifications {sorted(question.states)} {sorted(set(question.types))}"
        position = pages.from_token(title, page_token)
        wanted = {"recipientId": recipient_id, **_asked_for(question), **(position.beyond("createTime") if position else {})}
        found = self._notifications.find(wanted, hint=BY_TYPE if question.types else BY_STATE)
        documents = await found.sort(NEWEST_FIRST).limit(page_size + 1).to_list()
        listed = [_to_notification(document) for document in documents[:page_size]]
        if len(documents) <= page_size:
            return Page(listed, None)
        return Page(listed, pages.to_token(title, pages.Position(listed[-1].create_time, ObjectId(listed[-1].id))))

    async def list_from(self, recipient_id: str, first_id: str, page_size: int, page_token: str) -> Page:
        position = pages.from_token(NEW, page_token)
        arrived = {"_id": {"$gt": position.id} if position else {"$gte": ObjectId(first_id)}}
        wanted = {"recipientId": recipient_id, **arrived, "state": {"$in": list(SHOWN)}}
        found = self._notifications.find(wanted, hint=BY_ARRIVAL).sort("_id", ASCENDING).limit(page_size + 1)
        listed = [_to_notification(document) for document in await found.to_list()]
        if len(listed) <= page_size:
            return Page(listed, None)
        return Page(listed[:page_size], pages.to_token(NEW, pages.Position(0, ObjectId(listed[page_size - 1].id))))

    async def replace(self, before: Notification, after: Notification) -> bool:
        stored = {"_id": ObjectId(before.id), **_marks(before)}
        # An unset field is found as null.
        result = await self._notifications.update_one(stored, {"$set": _changing(after)}, session=session())
        return result.matched_count == 1

    async def count_new(self, recipient_id: str, most: int) -> tuple[int, int]:
        unread = {"recipientId": recipient_id, "state": State.UNREAD.value}
        unseen = {"recipientId": recipient_id, "unseen": True}
        return (
            await self._notifications.count_documents(unread, limit=most, hint=BY_STATE),
            await self._notifications.count_documents(unseen, limit=most, hint=UNSEEN),
        )


def _asked_for(question: Question) -> Document:
    states: Document = {"state": {"$in": list(question.states)}}
    return {**states, "type": {"$in": sorted(set(question.types))}} if question.types else states


def _marks(notification: Notification) -> Document:
    return {
        "seenTime": notification.seen_time,
        "readTime": notification.read_time,
        "archiveTime": notification.archive_time,
        "state": notification.state.value,
    }


def _changing(notification: Notification) -> Document:
    """What may differ after its recipient did something with it."""
    texts = {"title": notification.title, "body": notification.body}
    return {**_marks(notification), **texts, "unseen": notification.is_unseen}


def _to_document(notification: Notification) -> Document:
    return {
        "_id": ObjectId(notification.id),
        "recipientId": notification.recipient_id,
        "eventId": notification.event_id,
        "type": notification.type,
        "taskId": notification.task_id,
        "actorId": notification.actor_id,
        "createTime": notification.create_time,
        **_changing(notification),
    }


def _to_notification(document: Any) -> Notification:
    state = State(document["state"])
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
        seen_time=document["seenTime"],
        read_time=document["readTime"],
        archive_time=document["archiveTime"],
        kept_out=None if state in (*INBOX, State.ARCHIVED) else state,
    )
