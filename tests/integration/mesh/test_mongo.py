"""The MongoDB client under what calls do to it: their deadlines and their callers cancel operations at any moment."""

import asyncio
import itertools
import random

import pytest

from mesh.mongo import database, open_mongo

WORKERS, LONGEST_S, ROUNDS = 30, 0.05, 20
PATIENCE_S = 20.0


# Connections whose opening was cancelled are closed by the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_client_survives_operations_that_are_cancelled_twice(mongo_uri: str, database_name: str) -> None:
    client = open_mongo(mongo_uri, "test")
    tasks = database(client, database_name)["tasks"]
    numbers, chance = itertools.count(), random.Random(7)

    async def cancel_some() -> None:
        for _ in range(ROUNDS):
            operation = asyncio.create_task(tasks.insert_one({"_id": next(numbers)}))
            await asyncio.sleep(chance.uniform(0, LONGEST_S))
            for _ in range(2):
                operation.cancel()
                for _ in range(chance.randrange(3)):
                    await asyncio.sleep(0)
            await asyncio.wait({operation})

    workers = [asyncio.create_task(cancel_some()) for _ in range(WORKERS)]
    _, stuck = await asyncio.wait(workers, timeout=PATIENCE_S)
    # A stuck client cannot be closed either.
    assert not stuck
    await client.admin.command("ping")
    await client.close()
