"""Fixed windows that count requests: in Redis for all gateways together, or in this process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from mesh.coalesce import Coalescer

KEY_PREFIX = "ratelimit:default"
MAX_BATCH = 256
# Counting one more address costs about 200 bytes.
MAX_LOCAL_CLIENTS = 10_000

# Counts a request for each key; answers, key by key, how many there are in its window and how many milliseconds it lasts.
COUNT_SCRIPT = """
local counts = {}
for i, key in ipairs(KEYS) do
  local requests = redis.call('INCR', key)
  local left = redis.call('PTTL', key)
  if left < 0 then
    left = tonumber(ARGV[1])
    redis.call('PEXPIRE', key, left)
  end
  counts[2 * i - 1] = requests
  counts[2 * i] = left
end
return counts
"""


class Count(NamedTuple):
    """How many requests the window holds, this one included, and how long it lasts."""

    requests: int
    reset_s: float


class RedisWindows:
    """Windows in Redis. Requests that wait for Redis are counted together, in one script call."""

    def __init__(self, redis: Redis, window_s: int, *, is_usable: Callable[[], bool]) -> None:
        """While `is_usable` says no, counting fails at once instead of waiting for an answer."""
        self._window_s, self._is_usable = window_s, is_usable
        self._script = redis.register_script(COUNT_SCRIPT)
        self._coalescer = Coalescer[str, Count](self._count_all, max_batch=MAX_BATCH)

    async def count(self, client: str) -> Count:
        """Raises RedisError or OSError when Redis cannot be asked."""
        return await self._coalescer(client)

    async def _count_all(self, clients: list[str]) -> Sequence[Count]:
        if not self._is_usable():
            raise RedisConnectionError("redis is known to be gone")
        # The window's length is part of the key: after a change of the setting nobody waits for a window of the old one.
        keys = [f"{KEY_PREFIX}:{self._window_s}:{client}" for client in clients]
        numbers = await self._script(keys=keys, args=[self._window_s * 1000])
        return [Count(requests, left_ms / 1000) for requests, left_ms in zip(numbers[::2], numbers[1::2], strict=True)]


class LocalWindows:
    """Windows of this process. Of more clients than fit, those that have been quiet longest are forgotten."""

    def __init__(self, window_s: int, *, max_clients: int = MAX_LOCAL_CLIENTS, now: Callable[[], float] = time.monotonic) -> None:
        self._window_s, self._max_clients, self._now = window_s, max_clients, now
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, client: str) -> Count:
        now = self._now()
        ends, requests = self._windows.pop(client, (0.0, 0))
        if ends <= now:
            ends, requests = now + self._window_s, 0
        self._windows[client] = (ends, requests + 1)
        if len(self._windows) > self._max_clients:
            self._windows.popitem(last=False)
        return Count(requests + 1, ends - now)
