"""Notifications as they stand in the database, for tests that need many, or old ones."""

from datetime import datetime
from typing import Any

from bson import ObjectId

from mesh.mongo import Document
from tests.integration.notify_svc.person import Person


def stored_before_states(recipient: Person, key: ObjectId, time: datetime, event_type: str = "task.created") -> Document:
    """As it was stored before notifications could be read."""
    words = dict.fromkeys(("title", "body", "taskId", "actorId"), "")
    event_id = f"event {key}"
    return {"_id": key, "recipientId": recipient.user_id, "eventId": event_id, "type": event_type, "createTime": time, **words}


def stored(recipient: Person, key: ObjectId, time: datetime, event_type: str = "task.created", **marks: Any) -> Document:
    untouched = {"state": "unread", "unseen": True, "seenTime": None, "readTime": None, "archiveTime": None}
    return {**stored_before_states(recipient, key, time, event_type), **untouched, **marks}


def read(time: datetime) -> Document:
    return {"state": "read", "unseen": False, "seenTime": time, "readTime": time}


def archived(time: datetime) -> Document:
    return {"state": "archived", "unseen": False, "archiveTime": time}
