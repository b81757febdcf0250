"""One effect for one key: a row (caller, method, key, fingerprint, answer) is written in the same transaction as the effect.

Either both are there or neither, whenever a process dies. The key of a request that failed is free again; the answer of one that
succeeded is repeated for 24 hours.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson.binary import Binary
from pymongo import ASCENDING, AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, OperationFailure
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from mesh.mongo import Document
from mesh.transactions import in_transaction, session

KEPT = timedelta(hours=24)
WRITE_CONFLICT = 112


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request under a key. `request` is its serialized message, equal for equal requests."""

    caller_id: str
    method: str
    key: str
    request: bytes

    @property
    def row_id(self) -> Document:
        return {"caller": self.caller_id, "method": self.method, "key": self.key}

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.request).hexdigest()


class _KeyTakenError(Exception):
    """A row with the key was committed after we looked."""


class IdempotencyStore:
    """The rows of one service, in its own database."""

    def __init__(
        self, client: AsyncMongoClient[Document], database: AsyncDatabase[Document], now: Callable[[], datetime]
    ) -> None:
        self._client, self._rows, self._now = client, database["idempotency"], now

    async def ensure_indexes(self) -> None:
        """Rows vanish by themselves some time after they have expired."""
        await self._rows.create_index([("expireTime", ASCENDING)], name="expired", expireAfterSeconds=0)

    async def once(self, attempt: Attempt, work: Callable[[], Awaitable[bytes]]) -> tuple[bytes, bool]:
        """The work's answer, and whether it was stored before. Raises ServiceError when the key was used for another
        request, or the same request is still running."""
        stored = await self._answer(attempt)
        if stored is not None:
            return stored, True
        try:
            return await in_transaction(self._client, lambda: self._work_and_row(attempt, work)), False
        except _KeyTakenError:
            # Somebody was faster.
            stored = await self._answer(attempt)
            if stored is None:
                raise _still_running() from None
            return stored, True

    async def _answer(self, attempt: Attempt) -> bytes | None:
        row = await self._rows.find_one({"_id": attempt.row_id, "expireTime": {"$gt": self._now()}})
        if row is None:
            return None
        if row["fingerprint"] != attempt.fingerprint:
            raise ServiceError(reason_pb2.REASON_IDEMPOTENCY_KEY_REUSED, "the key was used for another request")
        return bytes(row["answer"])

    async def _work_and_row(self, attempt: Attempt, work: Callable[[], Awaitable[bytes]]) -> bytes:
        row = {"_id": attempt.row_id, "fingerprint": attempt.fingerprint, "expireTime": self._now() + KEPT, "answer": b""}
        try:
            # First, so that a second request under the key fails here, before it has done anything.
            await self._rows.delete_one({"_id": attempt.row_id, "expireTime": {"$lte": self._now()}}, session=session())
            await self._rows.insert_one(row, session=session())
        except DuplicateKeyError:
            raise _KeyTakenError from None
        except OperationFailure as error:
            raise (_still_running() if error.code == WRITE_CONFLICT else error) from None
        answer = await work()
        await self._rows.update_one({"_id": attempt.row_id}, {"$set": {"answer": Binary(answer)}}, session=session())
        return answer


def _still_running() -> ServiceError:
    return ServiceError(reason_pb2.REASON_IDEMPOTENCY_IN_PROGRESS, "a request with this key is still running", retry_after_s=1)
