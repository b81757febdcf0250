"""Page tokens: where the next page of a list begins. Opaque to clients, and good only for the list that made them."""

import base64
import binascii
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from unified.error.v1 import reason_pb2

from mesh.errors import FieldError, ServiceError
from mesh.mongo import Document, object_id
from mesh.times import EPOCH, MILLISECOND, milliseconds

LARGEST = 100
INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Position:
    """The last item of a page in a list that is ordered by a key (a time, or a whole number of 64 bits) and the id."""

    key: datetime | int
    id: ObjectId

    def beyond(self, field: str, *, descending: bool = True) -> Document:
        """The filter for what comes after, where `field` has the key, and key and id both descend or both ascend."""
        after = "$lt" if descending else "$gt"
        same_key = {field: self.key, "_id": {after: self.id}}
        return {field: {f"{after}e": self.key}, "$or": [{field: {after: self.key}}, same_key]}


def to_token(question: str, last: Position) -> str:
    """The token for what follows `last`. `question` says what is listed, its filter and order."""
    # A time is a number of milliseconds, any other number is text.
    key = milliseconds(last.key) if isinstance(last.key, datetime) else str(last.key)
    content = orjson.dumps([_mark(question), key, str(last.id)])
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_token(question: str, token: str) -> Position | None:
    """Where to begin; nothing for the first page. Raises ServiceError(INVALID_ARGUMENT) for any other list's token."""
    if not token:
        return None
    try:
        mark, key, last_id = _content(token)
        position_id = object_id(last_id)
        if mark == _mark(question) and position_id is not None:
            return Position(_key(key), position_id)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        pass
    problem = FieldError("page_token", "is not a token of this list")
    raise ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=[problem])


def _key(content: Any) -> datetime | int:
    if not isinstance(content, str):
        time: datetime = EPOCH + content * MILLISECOND
        return time
    if (number := int(content)) not in INT64:
        raise ValueError("more than 64 bits")
    return number


def _content(token: str) -> Any:
    return orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))


def _mark(question: str) -> int:
    return zlib.crc32(question.encode())
