"""Keeps what users want to hear of, in MongoDB. Who said nothing has no document."""

from collections.abc import Iterable, Mapping

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from mesh.mongo import Document
from mesh.transactions import session
from notify_svc.model import Preferences


class MongoPreferencesRepository:
    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._preferences = database["preferences"]

    async def get_all(self, user_ids: Iterable[str]) -> Mapping[str, Preferences]:
        keys = list(dict.fromkeys(user_ids))
        documents = await self._preferences.find({"_id": {"$in": keys}}, session=session()).to_list()
        said = {document["_id"]: Preferences(frozenset(document["off"]), document["ownActions"]) for document in documents}
        return {key: said.get(key, Preferences()) for key in keys}

    async def replace(self, user_id: str, before: Preferences, after: Preferences) -> bool:
        stored = {"_id": user_id, **_fields(before)}
        # Who said nothing has no document. One that was made meanwhile is not made twice.
        is_first = before == Preferences()
        try:
            result = await self._preferences.update_one(stored, {"$set": _fields(after)}, upsert=is_first, session=session())
        except DuplicateKeyError:
            return False
        return result.matched_count == 1 or result.did_upsert


def _fields(preferences: Preferences) -> Document:
    return {"off": sorted(preferences.off), "ownActions": preferences.own_actions}
