"""Keeps what users want to hear of, in MongoDB. Who said nothing has no document."""

from collections.abc import Iterable, Mapping

from pymongo.asynchronous.database import AsyncDatabase

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

    async def set(self, user_id: str, preferences: Preferences) -> None:
        fields = {"off": sorted(preferences.off), "ownActions": preferences.own_actions}
        await self._preferences.update_one({"_id": user_id}, {"$set": fields}, upsert=True, session=session())
