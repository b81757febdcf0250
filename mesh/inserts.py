"""Inserts that wait together travel together: one majority write for all, each with its own result. An insert inside a
transaction travels with that."""

from collections.abc import Sequence

import pymongo
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError, WriteError

from mesh.coalesce import Coalescer
from mesh.mongo import Document
from mesh.transactions import session

DUPLICATE_KEY = 11000
# Of no single caller's: those who wait give up at their own deadline, and the outcome is unknown to them.
TIMEOUT_S = 5.0


class Inserter:
    """The way into a collection for single documents; raises DuplicateKeyError, or what the driver raised."""

    def __init__(self, collection: AsyncCollection[Document], *, max_batch: int = 100) -> None:
        self._collection = collection
        self._together = Coalescer[Document, None](
            self._insert_batch, name=f"inserts into {collection.name}", max_batch=max_batch
        )

    async def __call__(self, document: Document) -> None:
        if transaction := session():
            await self._collection.insert_one(document, session=transaction)
        else:
            await self._together(document)

    async def _insert_batch(self, documents: list[Document]) -> Sequence[Exception | None]:
        results: list[Exception | None] = [None] * len(documents)
        try:
            with pymongo.timeout(TIMEOUT_S):
                await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                # A majority did not confirm in time; whether the documents stay is not known.
                raise AutoReconnect("the write was not confirmed by a majority") from error
            for failed in error.details["writeErrors"]:
                results[failed["index"]] = _write_error(failed)
        return results


def _write_error(failed: Document) -> WriteError:
    kind = DuplicateKeyError if failed["code"] == DUPLICATE_KEY else WriteError
    return kind(str(failed["errmsg"]), failed["code"], failed)
