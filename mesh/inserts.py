"""Inserts that wait together travel together: one majority write for all, each with its own result."""

from collections.abc import Sequence

import pymongo
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError, WriteError

from mesh.coalesce import Coalescer
from mesh.mongo import Document

DUPLICATE_KEY = 11000
# Of no single caller's: those who wait give up at their own deadline, and the outcome is unknown to them.
TIMEOUT_S = 10.0

Inserter = Coalescer[Document, None]
"""Inserts a document; raises DuplicateKeyError, or what the driver raised."""


def inserter(collection: AsyncCollection[Document], *, max_batch: int = 100) -> Inserter:
    """The way into the collection for single documents."""

    async def insert(documents: list[Document]) -> Sequence[Exception | None]:
        results: list[Exception | None] = [None] * len(documents)
        try:
            with pymongo.timeout(TIMEOUT_S):
                await collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            details = error.details
            if details.get("writeConcernErrors"):
                raise
            for failed in details["writeErrors"]:
                results[failed["index"]] = _write_error(failed)
        return results

    return Coalescer(insert, max_batch=max_batch)


def _write_error(failed: Document) -> WriteError:
    kind = DuplicateKeyError if failed["code"] == DUPLICATE_KEY else WriteError
    return kind(str(failed["errmsg"]), failed["code"], failed)
