"""Transactions against a real MongoDB."""

import pymongo
import pytest
from pymongo.errors import PyMongoError

from mesh import mongo
from mesh.transactions import after_commit, in_own_time, in_transaction, session


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


async def test_work_in_its_own_time_outlasts_what_is_left_to_the_caller(mongo_uri: str, database_name: str) -> None:
    async with mongo.open_mongo(mongo_uri, "tests") as client:
        effects = mongo.database(client, database_name)["effects"]

        async def work() -> int:
            await effects.insert_one({}, session=session())
            return await effects.count_documents({}, session=session())

        with pymongo.timeout(0.000_001):
            assert await in_own_time(lambda: in_transaction(client, work), 10) == 1
            with pytest.raises(PyMongoError) as raised:
                await effects.count_documents({})
            assert raised.value.timeout
        with pytest.raises(PyMongoError) as raised:
            await in_own_time(lambda: in_transaction(client, work), 0.000_001)
        assert raised.value.timeout
