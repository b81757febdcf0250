"""How many requests an address may make in a window: the decision, its headers, and where it is counted."""

import ipaddress
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError
from unified.error.v1.reason_pb2 import REASON_RATE_LIMITED

from gateway.errors import RestError
from gateway.windows import Count, LocalWindows, RedisWindows

log = logging.getLogger(__name__)

POLICY = "default"
IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Quota:
    """`max` requests in each window of `window_s` seconds; a window begins with its first request."""

    max: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one more request is within the quota, and what is left of it."""

    quota: Quota
    count: Count

    @property
    def reset_s(self) -> int:
        """Seconds until a new window begins, rounded up."""
        return math.ceil(self.count.reset_s)

    def headers(self) -> dict[str, str]:
        """The established fields, and those of the newer draft."""
        remaining = max(0, self.quota.max - self.count.requests)
        return {
            "RateLimit-Limit": str(self.quota.max),
            "RateLimit-Remaining": str(remaining),
            "RateLimit-Reset": str(self.reset_s),
            "RateLimit-Policy": f'"{POLICY}";q={self.quota.max};w={self.quota.window_s}',
            "RateLimit": f'"{POLICY}";r={remaining};t={self.reset_s}',
        }

    def raise_if_refused(self) -> None:
        """Raises RATE_LIMITED when the request is one too many."""
        if self.count.requests > self.quota.max:
            message = f"at most {self.quota.max} requests in {self.quota.window_s} seconds"
            raise RestError(REASON_RATE_LIMITED, message, retry_after_s=self.reset_s)


class AddressLimiter:
    """Counts in Redis, exactly over all gateways; while Redis is gone in this process, against a share of the quota.

    Only `probe` finds out that Redis is back, so no request waits for a Redis that is known to be gone.
    """

    def __init__(self, redis: Redis, quota: Quota, *, fallback_share: float) -> None:
        self._quota = quota
        self._local_quota = Quota(max(1, int(quota.max * fallback_share)), quota.window_s)
        self._ping: Callable[[], Awaitable[object]] = redis.ping
        self._shared = RedisWindows(redis, quota.window_s, is_usable=lambda: self.redis_is_up)
        self._local = LocalWindows(quota.window_s)
        self.redis_is_up = True

    async def check(self, address: str) -> Decision:
        """Count a request of the address."""
        client = client_of(address)
        if self.redis_is_up:
            try:
                return Decision(self._quota, await self._shared.count(client))
            except (RedisError, OSError) as error:
                self._note(up=False, error=error)
        return Decision(self._local_quota, self._local.count(client))

    async def probe(self) -> None:
        """Find out whether Redis answers. To be called about once a second."""
        try:
            await self._ping()
        except (RedisError, OSError) as error:
            self._note(up=False, error=error)
        else:
            self._note(up=True)

    def _note(self, *, up: bool, error: Exception | None = None) -> None:
        if up and not self.redis_is_up:
            log.info("limits are counted in redis again")
        elif not up and self.redis_is_up:
            log.warning("redis is gone: limits are counted in this process", extra={"error": repr(error)})
        self.redis_is_up = up


def client_of(address: str) -> str:
    """Whom an address stands for: one host of IPv4, one network of IPv6, where a host can take any address it likes."""
    if ":" not in address:
        return address
    ip = ipaddress.IPv6Address(address.partition("%")[0])
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, IPV6_PREFIX), strict=False))
