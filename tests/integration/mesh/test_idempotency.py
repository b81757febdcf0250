"""Idempotency keys against a real MongoDB: one effect and one answer for one key, whatever comes between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pymongo
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from unified.error.v1 import reason_pb2

from mesh import mongo
from mesh.errors import ServiceError
from mesh.idempotency import Attempt, IdempotencyStore
from mesh.transactions import after_commit, session

# By the server's clock, rows of the past vanish.
NOW = datetime.now(UTC)


class Ledger:
    """A store of effects, written inside the caller's transaction."""

    def __init__(self, client: AsyncMongoClient[mongo.Document], name: str) -> None:
        self._effects = mongo.database(client, name)["effects"]
        self.now = NOW
        self.store = IdempotencyStore(client, mongo.database(client, name), lambda: self.now)
        self.published: list[str] = []
        self.hold: asyncio.Event | None = None
        self.begun = asyncio.Event()

    async def request(
        self, key: str, content: bytes = b"request", *, caller: str = "ada", fail: bool = False
    ) -> tuple[bytes, bool]:
        async def work() -> bytes:
            await self._effects.insert_one({"content": content}, session=session())
            after_commit(lambda: self.published.append(key))
            self.begun.set()
            if self.hold:
                await self.hold.wait()
            if fail:
                raise ServiceError(reason_pb2.REASON_TASK_NOT_FOUND, "refused")
            return b"answer to " + content

        return await self.store.once(Attempt(caller, "/tests/Do", key, content), work)

    async def effects(self) -> int:
        return await self._effects.count_documents({})


@pytest.fixture
async def ledger(mongo_uri: str, database_name: str) -> AsyncIterator[Ledger]:
    async with mongo.open_mongo(mongo_uri, "tests") as client:
        ledger = Ledger(client, database_name)
        await ledger.store.ensure_indexes()
        yield ledger


async def test_the_same_request_again_has_one_effect_and_the_same_answer(ledger: Ledger) -> None:
    assert await ledger.request("k") == (b"answer to request", False)
    assert await ledger.request("k") == (b"answer to request", True)
    assert await ledger.effects() == 1
    assert ledger.published == ["k"]


async def test_another_request_under_the_key_is_refused(ledger: Ledger) -> None:
    await ledger.request("k")
    with pytest.raises(ServiceError) as raised:
        await ledger.request("k", b"another")
    assert raised.value.reason == reason_pb2.REASON_IDEMPOTENCY_KEY_REUSED
    assert await ledger.effects() == 1


async def test_keys_of_different_callers_are_different_keys(ledger: Ledger) -> None:
    await ledger.request("k")
    assert await ledger.request("k", caller="bob") == (b"answer to request", False)


async def test_while_the_first_runs_the_second_is_told_to_wait(ledger: Ledger) -> None:
    ledger.hold = asyncio.Event()
    first = asyncio.create_task(ledger.request("k"))
    await ledger.begun.wait()
    with pytest.raises(ServiceError) as raised:
        await ledger.request("k")
    assert raised.value.reason == reason_pb2.REASON_IDEMPOTENCY_IN_PROGRESS
    assert raised.value.retry_after_s is not None
    ledger.hold.set()
    assert await first == (b"answer to request", False)
    assert await ledger.effects() == 1


async def test_twenty_at_once_have_one_effect(ledger: Ledger) -> None:
    results = await asyncio.gather(*(ledger.request("k") for _ in range(20)), return_exceptions=True)
    answers = [result for result in results if not isinstance(result, ServiceError)]
    refused = [result.reason for result in results if isinstance(result, ServiceError)]
    assert answers.count((b"answer to request", False)) == 1
    assert set(refused) <= {reason_pb2.REASON_IDEMPOTENCY_IN_PROGRESS}
    assert await ledger.effects() == 1


async def test_a_failure_leaves_no_effect_and_frees_the_key(ledger: Ledger) -> None:
    with pytest.raises(ServiceError):
        await ledger.request("k", fail=True)
    assert await ledger.effects() == 0
    assert ledger.published == []
    assert await ledger.request("k") == (b"answer to request", False)


async def test_a_cancelled_request_leaves_no_effect_and_frees_the_key(ledger: Ledger) -> None:
    ledger.hold = asyncio.Event()
    first = asyncio.create_task(ledger.request("k"))
    await ledger.begun.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    ledger.hold = None
    assert await ledger.effects() == 0
    assert await ledger.request("k") == (b"answer to request", False)


async def test_a_request_whose_time_is_up_frees_the_key_at_once(ledger: Ledger) -> None:
    ledger.hold = asyncio.Event()
    asyncio.get_running_loop().call_later(0.6, ledger.hold.set)
    with pytest.raises(PyMongoError), pymongo.timeout(0.5):
        await ledger.request("k")
    assert await ledger.effects() == 0
    assert await ledger.request("k") == (b"answer to request", False)


async def test_after_a_day_the_key_is_free(ledger: Ledger) -> None:
    await ledger.request("k")
    ledger.now = NOW + timedelta(hours=24, seconds=1)
    assert await ledger.request("k", b"another") == (b"answer to another", False)
