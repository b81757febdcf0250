"""Keeps the driver alive when operations are cancelled, on Python before 3.12.

There `asyncio.wait_for` waits in a task of its own. When its caller is cancelled a second time before that task has ended, as
by our deadline and then by gRPC, the driver's lock stays taken by nobody, and the client never works again.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

import pymongo.lock

T = TypeVar("T")


async def _wait_for(work: Awaitable[T], timeout_s: float | None) -> T:
    """What `asyncio.wait_for` is from Python 3.12 on."""
    async with asyncio.timeout(timeout_s):
        return await work


def mend_locks() -> None:
    """Have the driver wait for its locks in the task that wants them. May be called again."""
    if sys.version_info < (3, 12):
        pymongo.lock.wait_for = _wait_for  # type: ignore[assignment, attr-defined]
