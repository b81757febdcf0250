"""What the services' tests share: a database of the test's own, seen from behind, and the secret that signs tokens."""

import secrets
from collections.abc import AsyncIterator

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from mesh import mongo
from mesh.mongo import Document


@pytest.fixture
def jwt_secret() -> str:
    return secrets.token_hex(32)


@pytest.fixture
async def database(mongo_uri: str, database_name: str) -> AsyncIterator[AsyncDatabase[Document]]:
    async with mongo.open_mongo(mongo_uri, "tests") as client:
        yield mongo.database(client, database_name)
