"""bcrypt in a few threads: it is slow by design, so what waits for it is bounded."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import bcrypt
from prometheus_client import Gauge
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError

Result = TypeVar("Result")

JOBS = Gauge("unified_bcrypt_jobs", "Passwords that are being hashed or checked, or wait for a thread.")
# What bcrypt reads of a password; the contract refuses longer ones at registration.
MAX_BYTES = 72
# A sound hash is as long as this, whatever it is of.
DIGEST_CHARACTERS = 31


class BcryptPasswords:
    """Hashes and checks passwords at the given cost (rounds are 2**cost), `threads` at once and `queue_max` waiting."""

    def __init__(self, *, cost: int, threads: int, queue_max: int) -> None:
        self._cost, self._most = cost, threads + queue_max
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt")
        self._jobs: set[Future[Any]] = set()
        JOBS.set_function(lambda: len(self._jobs))
        # Of no known password: its digest was never computed.
        self._nobodys_hash = bcrypt.gensalt(cost).decode() + "." * DIGEST_CHARACTERS

    async def hash(self, password: str) -> str:
        """Raises ServiceError(OVERLOADED) when too much waits already."""
        return await self._run(lambda: bcrypt.hashpw(password.encode(), bcrypt.gensalt(self._cost)).decode())

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the hash is the password's. The answer no takes equally long without a hash, and for a password that
        cannot have one (too long, or with a NUL). Raises ServiceError(OVERLOADED) when too much waits already."""
        secret = password.encode()
        if password_hash is None or len(secret) > MAX_BYTES or b"\0" in secret:
            await self._check(b"", self._nobodys_hash)
            return False
        return await self._check(secret, password_hash)

    def close(self) -> None:
        """Forget what waits and let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _check(self, secret: bytes, password_hash: str) -> bool:
        return await self._run(lambda: bcrypt.checkpw(secret, password_hash.encode()))

    async def _run(self, work: Callable[[], Result]) -> Result:
        if len(self._jobs) >= self._most:
            raise ServiceError(reason_pb2.REASON_OVERLOADED, "too many sign-ins at once; try again soon", retry_after_s=1)
        job = self._threads.submit(work)
        self._jobs.add(job)
        # A caller that goes away takes its waiting job along; one under way counts until its thread is done.
        job.add_done_callback(self._jobs.discard)
        return await asyncio.wrap_future(job)
