"""Where requests are counted: in Redis for all gateways together, and in this process while Redis does not count."""

import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.windows import KEY_PREFIX, LocalWindows, Payment, RedisWindows, Standing, Windows

log = logging.getLogger(__name__)

ALONE = Gauge("unified_limits_counted_alone", "1 while limits are counted in this process, because Redis does not count.")
PROBE_KEY = f"{KEY_PREFIX}:probe"
PROBE_MS = 10_000


class Spending(NamedTuple):
    """What a request paid, how that left the windows, where those are, and when it was, by the clock of the limiter."""

    payment: Payment
    standings: Sequence[Standing]
    windows: Windows
    start: float

    def lasting(self, now: float) -> Payment:
        """What of the payment went to windows that have not ended since."""
        paid = zip(*self.payment, self.standings, strict=True)
        kept = [(charge, spender) for charge, spender, standing in paid if standing.reset_s > now - self.start]
        return Payment([charge for charge, _ in kept], [spender for _, spender in kept])


class Limiter:
    """Counts in Redis, exactly over all gateways; while Redis is gone in this process, against a share of each maximum.

    Only `probe` finds out that Redis is back, so no request waits for a Redis that is known to be gone.
    """

    def __init__(self, redis: Redis, *, fallback_share: float, now: Callable[[], float] = time.monotonic) -> None:
        # A Redis that answers but refuses to write (a replica, or out of memory) does not count either.
        self._write: Callable[[], Awaitable[object]] = lambda: redis.set(PROBE_KEY, "", px=PROBE_MS)
        self._now = now
        self._shared = RedisWindows(redis, is_usable=lambda: self.redis_is_up, when_gone=self._failed)
        self._local = LocalWindows(fallback_share)
        self.redis_is_up = True
        ALONE.set_function(lambda: not self.redis_is_up)

    async def spend(self, payment: Payment) -> Spending:
        """Take what the request costs from all windows, or from none."""
        start = self._now()
        if self.redis_is_up:
            with contextlib.suppress(RedisError, OSError):
                return Spending(payment, await self._shared.spend(payment), self._shared, start)
        return Spending(payment, await self._local.spend(payment), self._local, start)

    async def give_back(self, spending: Spending) -> None:
        """Take it back. What has begun a new window has forgotten it; what Redis cannot be told stays until its window ends."""
        lasting = spending.lasting(self._now())
        with contextlib.suppress(RedisError, OSError):
            await spending.windows.give_back(lasting)

    async def probe(self) -> None:
        """Find out whether Redis counts. To be called about once a second."""
        try:
            await self._write()
        except (RedisError, OSError) as error:
            self._failed(error)
        else:
            if not self.redis_is_up:
                log.info("limits are counted in redis again")
            self.redis_is_up = True

    def _failed(self, error: Exception) -> None:
        if self.redis_is_up:
            log.warning("redis is gone: limits are counted in this process", extra={"error": repr(error)})
        self.redis_is_up = False
