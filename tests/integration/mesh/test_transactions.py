"""Transactions against a real MongoDB."""

import pytest

from mesh import mongo
from mesh.transactions import after_commit, in_transaction, session


async def test_a_transaction_inside_another_is_part_of_it(mongo_uri: str, database_name: str) -> None:
    async with mongo.open_mongo(mongo_uri, "tests") as client:
        effects = mongo.database(client, database_name)["effects"]
        told: list[str] = []

        async def inner() -> None:
            await effects.insert_one({}, session=session())
            after_commit(lambda: told.append("committed"))

        async def outer(*, fail: bool) -> None:
            await in_transaction(client, inner)
            assert told == []
            if fail:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await in_transaction(client, lambda: outer(fail=True))
        assert (await effects.count_documents({}), told) == (0, [])
        await in_transaction(client, lambda: outer(fail=False))
        assert (await effects.count_documents({}), told) == (1, ["committed"])
