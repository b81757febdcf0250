"""Passwords: what matches, what it costs, and what happens when too many come at once."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator

import bcrypt
import pytest
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from tests.metrics import counted
from user_svc.passwords import BcryptPasswords

SNOWMEN = "\N{SNOWMAN}" * 24  # 72 bytes


@pytest.fixture
def passwords() -> Iterator[BcryptPasswords]:
    passwords = BcryptPasswords(cost=4, threads=2, queue_max=8)
    yield passwords
    passwords.close()


@pytest.mark.parametrize("password", ["correct horse", "", SNOWMEN])
async def test_a_password_matches_its_own_hash_only(password: str, passwords: BcryptPasswords) -> None:
    hashed = await passwords.hash(password)
    assert hashed.startswith("$2b$04$")
    assert await passwords.matches(password, hashed)
    assert not await passwords.matches(password[:-1] + "x", hashed)


async def test_two_hashes_of_a_password_differ(passwords: BcryptPasswords) -> None:
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


@pytest.mark.parametrize("password", [SNOWMEN + "x", SNOWMEN * 20, "\0", "correct horse\0"])
async def test_what_cannot_be_hashed_matches_nothing(password: str, passwords: BcryptPasswords) -> None:
    for hashed in (await passwords.hash(SNOWMEN), await passwords.hash("correct horse"), None):
        assert not await passwords.matches(password, hashed)


async def test_nothing_matches_no_hash(passwords: BcryptPasswords) -> None:
    for password in ("", "correct horse"):
        assert not await passwords.matches(password, None)


async def test_a_hash_of_another_cost_matches(passwords: BcryptPasswords) -> None:
    assert await passwords.matches("correct horse", bcrypt.hashpw(b"correct horse", bcrypt.gensalt(6)).decode())


async def test_every_no_takes_the_same_time() -> None:
    passwords = BcryptPasswords(cost=6, threads=1, queue_max=0)
    hashed = await passwords.hash("correct horse")
    attempts = {"wrong": ("wrong", hashed), "unknown": ("wrong", None), "long": ("x" * 100, hashed), "nul": ("\0", hashed)}
    durations: dict[str, list[float]] = {name: [] for name in attempts}
    for _ in range(15):
        for name, attempt in attempts.items():
            # Of the processor's: others may keep us from it.
            start = time.process_time()
            assert not await passwords.matches(*attempt)
            durations[name].append(time.process_time() - start)
    passwords.close()
    medians = [statistics.median(measured) for measured in durations.values()]
    assert max(medians) < 1.6 * min(medians)


class Stuck(BcryptPasswords):
    """Checks wait for a sign, off the event loop."""

    def __init__(self, *, threads: int, queue_max: int) -> None:
        super().__init__(cost=4, threads=threads, queue_max=queue_max)
        self.go_on = threading.Event()

    async def wait(self) -> bool:
        return await self._run(lambda: self.go_on.wait(10))


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    stuck = Stuck(threads=2, queue_max=3)
    yield stuck
    stuck.go_on.set()
    stuck.close()


async def all_wait(stuck: Stuck, count: int) -> list[asyncio.Task[bool]]:
    tasks = [asyncio.create_task(stuck.wait()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_what_exceeds_the_queue_is_refused_at_once(stuck: Stuck) -> None:
    waiting = await all_wait(stuck, 5)
    assert counted("unified_bcrypt_jobs") == 5
    for call in (stuck.hash("correct horse"), stuck.matches("correct horse", None)):
        with pytest.raises(ServiceError) as raised:
            await call
        assert raised.value.reason == reason_pb2.REASON_OVERLOADED
        assert raised.value.retry_after_s
    stuck.go_on.set()
    assert await asyncio.gather(*waiting) == [True] * 5
    assert await stuck.hash("correct horse")


async def test_a_caller_who_leaves_the_queue_leaves_a_place(stuck: Stuck) -> None:
    waiting = await all_wait(stuck, 5)
    waiting[-1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[-1]
    waiting += await all_wait(stuck, 1)
    stuck.go_on.set()
    assert await asyncio.gather(*waiting[:4], waiting[5]) == [True] * 5


async def test_work_whose_caller_left_counts_until_it_is_done(stuck: Stuck) -> None:
    waiting = await all_wait(stuck, 5)
    for task in waiting[:2]:
        task.cancel()
    with pytest.raises(ServiceError):
        await stuck.wait()
