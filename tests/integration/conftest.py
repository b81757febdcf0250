"""What the services' tests share: a database of the test's own, seen from behind, and the secret that signs tokens."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from mesh import mongo
from mesh.mongo import Document
from tests.waiting import PATIENCE_S

# After the first a call ends as if MongoDB were away. After the others something is given up and only logged: what a test looks
# for next would not be there.
LIMITS = (
    "mesh.interceptors.deadline.LONGEST_STORE_S",
    "mesh.leases.RELEASE_TIMEOUT_S",
    "mesh.outbox.MONGO_TIMEOUT_S",
    "mesh.transactions.ABORT_TIMEOUT_S",
    "task_svc.reminders.TIMEOUT_S",
)


@pytest.fixture(autouse=True)
def nothing_is_given_up_soon() -> Iterator[None]:
    # Not the test's own patches, which it may undo.
    with pytest.MonkeyPatch.context() as patch:
        for limit in LIMITS:
            patch.setattr(limit, PATIENCE_S)
        yield


@pytest.fixture
def jwt_secret() -> str:
    return secrets.token_hex(32)


@pytest.fixture
async def database(mongo_uri: str, database_name: str) -> AsyncIterator[AsyncDatabase[Document]]:
    async with mongo.open_mongo(mongo_uri, "tests") as client:
        yield mongo.database(client, database_name)
