"""Keeps users in MongoDB. Holds no rules.

`cachePending` marks a user whose newest version the profile cache may not have; it is set by the very write that makes the
version, so that a crash cannot separate the two.
"""

from collections.abc import Collection, Sequence
from typing import Any

import pymongo
from bson import ObjectId
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError
from unified.error.v1 import reason_pb2

from mesh.coalesce import Coalescer
from mesh.errors import ServiceError
from mesh.mongo import Document, object_id
from user_svc.model import ENGLISH, UTC, Account, User, email_key

INDEXES = [
    IndexModel([("emailKey", ASCENDING)], name="emailKey", unique=True),
    IndexModel([("updateTime", ASCENDING)], name="cachePending", partialFilterExpression={"cachePending": True}),
]
FIELDS = dict.fromkeys(("email", "name", "timezone", "locale", "createTime", "updateTime", "version"), 1)
# Reads that travel together belong to no single caller's deadline.
READ_TIMEOUT_S = 5.0


class MongoUserRepository:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._users = database["users"]
        self._read: Coalescer[ObjectId, User | None] = Coalescer(self._find, name="users", max_batch=100, in_flight=2)

    async def ensure_indexes(self) -> None:
        await self._users.create_indexes(INDEXES)

    async def add(self, account: Account) -> None:
        try:
            await self._users.insert_one(_to_document(account))
        except DuplicateKeyError:
            raise ServiceError(reason_pb2.REASON_EMAIL_TAKEN, "a user with this e-mail address exists") from None

    async def get(self, user_id: str) -> User | None:
        key = object_id(user_id)
        return None if key is None else await self._read(key)

    async def _find(self, ids: list[ObjectId]) -> list[User | None]:
        with pymongo.timeout(READ_TIMEOUT_S):
            documents = await self._users.find({"_id": {"$in": list(set(ids))}}, FIELDS).to_list()
        found = {document["_id"]: _to_user(document) for document in documents}
        return [found.get(key) for key in ids]

    async def find_account(self, key: str) -> Account | None:
        document = await self._users.find_one({"emailKey": key}, {**FIELDS, "passwordHash": 1})
        return Account(_to_user(document), str(document["passwordHash"])) if document else None

    async def find_all(self, keys: Collection[str]) -> list[User]:
        ids = [key for key in map(object_id, keys) if key]
        either = {"$or": [{"_id": {"$in": ids}}, {"emailKey": {"$in": list(keys)}}]}
        return [_to_user(document) for document in await self._users.find(either, FIELDS).to_list()]

    async def update(self, user: User) -> bool:
        before = {"_id": ObjectId(user.id), "version": user.version - 1}
        result = await self._users.update_one(before, {"$set": {**_to_fields(user), "cachePending": True}})
        return result.matched_count == 1

    async def cache_pending(self, limit: int) -> list[User]:
        """Users whose newest version the cache may not have, the longest waiting first."""
        cursor = self._users.find({"cachePending": True}, FIELDS).sort("updateTime", ASCENDING).limit(limit)
        return [_to_user(document) for document in await cursor.to_list()]

    async def mark_cached(self, users: Sequence[User]) -> None:
        """The cache has these versions for good."""
        if users:
            await self._users.bulk_write([_unset_pending(user) for user in users], ordered=False)


def _unset_pending(user: User) -> UpdateOne:
    return UpdateOne({"_id": ObjectId(user.id), "version": user.version}, {"$unset": {"cachePending": ""}})


def _to_document(account: Account) -> Document:
    user = account.user
    return {
        "_id": ObjectId(user.id),
        "email": user.email,
        "emailKey": email_key(user.email),
        "passwordHash": account.password_hash,
        "createTime": user.create_time,
        **_to_fields(user),
    }


def _to_fields(user: User) -> Document:
    """What may differ from version to version."""
    return {
        "name": user.name,
        "timezone": user.timezone,
        "locale": user.locale,
        "updateTime": user.update_time,
        "version": user.version,
    }


def _to_user(document: Any) -> User:
    return User(
        id=str(document["_id"]),
        email=document["email"],
        name=document["name"],
        # Users were stored before they had these.
        timezone=document.get("timezone", UTC),
        locale=document.get("locale", ENGLISH),
        create_time=document["createTime"],
        update_time=document["updateTime"],
        version=document["version"],
    )
