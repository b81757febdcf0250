"""Marks all of an inbox, or all up to one, as seen or as read.

What a call cannot mark in its time stays as a row that says where to go on, and a leased job goes on, slice by slice, from the
newest to the oldest: a row is written before the call is answered, and moves on with each slice, so whoever dies, another
process continues. Marking again what is marked changes nothing.
"""

import logging
from datetime import datetime
from typing import Any

import pymongo
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from mesh.leases import Lease
from mesh.mongo import Document
from mesh.transactions import session
from notify_svc.model import InboxMark, Notification, State
from notify_svc.repository import BY_STATE, COLLECTION, NEWEST_FIRST, UNSEEN

log = logging.getLogger(__name__)

# What a call marks in a second or so, and a slice of the job in a fraction of that.
AT_ONCE, SLICE = 10_000, 5_000
TIMEOUT_S = 20.0


class MongoMarking:
    def __init__(self, database: AsyncDatabase[Document], lease: Lease) -> None:
        self._notifications, self._unfinished = database[COLLECTION], database["unfinished_marking"]
        self._lease = lease

    async def mark_all(self, recipient_id: str, mark: InboxMark, through: Notification | None, at: datetime) -> int:
        row = {"_id": ObjectId(), "recipientId": recipient_id, "mark": mark.value, "through": _place(through), "at": at}
        changed, rest = await self._mark_some(row, AT_ONCE)
        if rest:
            await self._unfinished.insert_one({**row, "through": rest}, session=session())
        return changed

    async def run(self) -> None:
        """Finish what calls left, unless another process is at it."""
        while row := await self._unfinished.find_one():
            with pymongo.timeout(TIMEOUT_S):
                if not await self._lease.acquire():
                    return
                await self._go_on(row)

    async def _go_on(self, row: Document) -> None:
        _, rest = await self._mark_some(row, SLICE)
        if rest:
            await self._unfinished.update_one({"_id": row["_id"]}, {"$set": {"through": rest}})
        else:
            await self._unfinished.delete_one({"_id": row["_id"]})
            log.info("inbox marked")

    async def _mark_some(self, row: Document, most: int) -> tuple[int, Document | None]:
        """Mark the newest; answers how many, and where those begin that are left."""
        wanted, change, index = _wanted(row), _change(row), UNSEEN if row["mark"] == InboxMark.SEEN else BY_STATE
        found = self._notifications.find(wanted, {"createTime": True}, session=session()).sort(NEWEST_FIRST).hint(index)
        rest = next(iter(await found.skip(most).limit(1).to_list()), None)
        if rest:
            wanted = {"$and": [wanted, _beside("$gt", rest)]}
        result = await self._notifications.update_many(wanted, change, hint=index, session=session())
        return result.modified_count, rest


def _place(notification: Notification | None) -> Document | None:
    return None if notification is None else {"createTime": notification.create_time, "_id": ObjectId(notification.id)}


def _wanted(row: Document) -> Document:
    marked: Document = {"unseen": True} if row["mark"] == InboxMark.SEEN else {"state": State.UNREAD.value}
    return {"recipientId": row["recipientId"], **marked, **(_beside("$lte", row["through"]) if row["through"] else {})}


def _change(row: Document) -> Any:
    at = row["at"]
    if row["mark"] == InboxMark.SEEN:
        return {"$set": {"seenTime": at, "unseen": False}}
    return [{"$set": {"readTime": at, "seenTime": {"$ifNull": ["$seenTime", at]}, "unseen": False, "state": State.READ.value}}]


def _beside(side: str, place: Document) -> Document:
    """What is on that side of the place, in the order of the list."""
    time, strictly = place["createTime"], side.removesuffix("e")
    # The first bounds what is read of the index, the second sorts out those of the same millisecond.
    bound = {"createTime": {f"{strictly}e": time}}
    return {**bound, "$or": [{"createTime": {strictly: time}}, {"createTime": time, "_id": {side: place["_id"]}}]}
