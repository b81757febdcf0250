"""Page tokens: where the next page of a list begins. Opaque to clients, and good only for the list that made them."""

import base64
import binascii
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from bson import ObjectId
from unified.error.v1 import reason_pb2

from mesh.errors import FieldError, ServiceError
from mesh.mongo import Document, object_id
from mesh.times import EPOCH

LARGEST = 100
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """The last item of a page in a list that is ordered by time and id, newest first."""

    time: datetime
    id: ObjectId

    def beyond(self, time_field: str) -> Document:
        """The filter for what comes after."""
        earlier = {time_field: {"$lt": self.time}}
        same_time = {time_field: self.time, "_id": {"$lt": self.id}}
        return {time_field: {"$lte": self.time}, "$or": [earlier, same_time]}


def to_token(question: str, last: Position) -> str:
    """The token for what follows `last`. `question` says what is listed, its filter and order."""
    content = orjson.dumps([_mark(question), (last.time - EPOCH) // MILLISECOND, str(last.id)])
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_token(question: str, token: str) -> Position | None:
    """Where to begin; nothing for the first page. Raises ServiceError(INVALID_ARGUMENT) for any other list's token."""
    if not token:
        return None
    try:
        mark, time_ms, last_id = _content(token)
        key = object_id(last_id)
        if mark == _mark(question) and key is not None:
            return Position(EPOCH + time_ms * MILLISECOND, key)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        pass
    problem = FieldError("page_token", "is not a token of this list")
    raise ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=[problem])


def _content(token: str) -> Any:
    return orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))


def _mark(question: str) -> int:
    return zlib.crc32(question.encode())
