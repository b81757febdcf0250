"""Leases in a real MongoDB: one holder at a time, and another one when the first is silent for too long."""

import asyncio
from datetime import timedelta

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from mesh.leases import Lease
from mesh.mongo import Document
from tests.waiting import eventually


@pytest.fixture
def leases(database: AsyncDatabase[Document]) -> list[Lease]:
    """Of ten processes that want the same job, for an hour."""
    return [Lease(database["leases"], "job", f"process {number}", timedelta(hours=1)) for number in range(10)]


async def test_of_many_who_want_a_job_one_gets_it(leases: list[Lease]) -> None:
    assert sorted(await asyncio.gather(*(lease.acquire() for lease in leases))) == [False] * 9 + [True]


async def test_its_holder_keeps_it_and_gives_it_back(leases: list[Lease]) -> None:
    first, second, *_ = leases
    assert await first.acquire()
    assert await first.acquire()
    await second.release()
    assert not await second.acquire()
    await first.release()
    assert await second.acquire()


async def test_a_silent_holder_loses_it(leases: list[Lease], database: AsyncDatabase[Document]) -> None:
    silent = Lease(database["leases"], "job", "silent", timedelta(milliseconds=300))
    assert await silent.acquire()
    await eventually(leases[0].acquire)
    assert not await silent.acquire()


async def test_jobs_do_not_disturb_each_other(leases: list[Lease], database: AsyncDatabase[Document]) -> None:
    assert await leases[0].acquire()
    assert await Lease(database["leases"], "other job", "process 1", timedelta(hours=1)).acquire()
