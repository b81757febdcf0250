"""Fixed windows that requests spend from: in Redis for all gateways together, or in this process."""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from gateway.buckets import Charge
from mesh.coalesce import Coalescer

KEY_PREFIX = "ratelimit"
MAX_BATCH = 256
# Counting one more client costs about 200 bytes.
MAX_LOCAL_CLIENTS = 10_000

# KEYS are the windows of all requests; each of ARGV is a request: maximum, milliseconds and cost of each of its windows. Answers
# two numbers for each window: what it has spent, this request included, and how long it lasts yet. A request that is over the
# maximum of one of its windows is taken back out of all of them.
SPEND_SCRIPT = """
local answer, last = {}, 0
for _, charges in ipairs(ARGV) do
  local first, over = last, false
  for max, window, cost in string.gmatch(charges, '(%d+) (%d+) (%d+)') do
    last = last + 1
    local spent = redis.call('INCRBY', KEYS[last], cost)
    local left = redis.call('PTTL', KEYS[last])
    if left < 0 then
      left = tonumber(window)
      redis.call('PEXPIRE', KEYS[last], left)
    end
    over = over or spent > tonumber(max)
    answer[2 * last - 1], answer[2 * last] = spent, left
  end
  if over then
    for _, _, cost in string.gmatch(charges, '(%d+) (%d+) (%d+)') do
      first = first + 1
      redis.call('DECRBY', KEYS[first], cost)
    end
  end
end
return answer
"""
# ARGV has what to give back to each of KEYS. A window that has ended gets nothing.
GIVE_BACK_SCRIPT = """
for i, key in ipairs(KEYS) do
  local spent = tonumber(redis.call('GET', key) or 0)
  if spent > 0 then
    redis.call('DECRBY', key, math.min(spent, ARGV[i]))
  end
end
"""


class Payment(NamedTuple):
    """What one request takes, or gets back: each charge, and who pays it."""

    charges: Sequence[Charge]
    spenders: Sequence[str]


class Standing(NamedTuple):
    """How a window stands once a request took `cost`: `left` of `max`, negative where it is too much; a new one in `reset_s`."""

    charge: Charge
    cost: int
    max: int
    left: int
    reset_s: float

    @property
    def given_back(self) -> "Standing":
        """The same without the request."""
        return self._replace(left=self.left + self.cost)


class Windows(Protocol):
    """Where payments are counted. What is too much for one of its windows is taken from none of them."""

    async def spend(self, payment: Payment) -> list[Standing]:
        """How each window stands. Raises RedisError or OSError when nobody can be asked."""

    async def give_back(self, payment: Payment) -> None:
        """Take back what was spent, at most all of it. Raises RedisError or OSError."""


class RedisWindows:
    """Windows in Redis. Requests that wait for Redis are counted together, in one script call."""

    def __init__(self, redis: Redis, *, is_usable: Callable[[], bool], when_gone: Callable[[Exception], None]) -> None:
        """While `is_usable` says no, counting fails at once instead of waiting for an answer. `when_gone` is told of a failure
        before those who asked."""
        self._is_usable, self._when_gone = is_usable, when_gone
        self._spend = redis.register_script(SPEND_SCRIPT)
        self._give_back = redis.register_script(GIVE_BACK_SCRIPT)
        self.spend = Coalescer[Payment, list[Standing]](self._spend_all, name="limits", max_batch=MAX_BATCH)
        self.give_back = Coalescer[Payment, None](self._give_back_all, name="limits given back", max_batch=MAX_BATCH)

    async def _spend_all(self, payments: list[Payment]) -> list[list[Standing]]:
        with self._asking():
            numbers = iter(await self._spend(keys=_keys(payments), args=[_terms(each.charges) for each in payments]))
        return [
            [
                Standing(charge, charge.cost, most := charge.bucket.max, most - next(numbers), next(numbers) / 1000)
                for charge in payment.charges
            ]
            for payment in payments
        ]

    async def _give_back_all(self, payments: list[Payment]) -> list[None]:
        costs = [charge.cost for payment in payments for charge in payment.charges]
        with self._asking():
            await self._give_back(keys=_keys(payments), args=costs)
        return [None] * len(payments)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        # Those who waited behind a failure are not made to wait for another one.
        if not self._is_usable():
            raise RedisConnectionError("redis is known to be gone")
        try:
            yield
        except (RedisError, OSError) as error:
            self._when_gone(error)
            raise


def _keys(payments: Sequence[Payment]) -> list[str]:
    # The window's length is part of the key: after a change of the setting nobody waits for a window of the old one.
    return [
        f"{KEY_PREFIX}:{charge.bucket.name}:{charge.bucket.window_s}:{spender}"
        for payment in payments
        for charge, spender in zip(*payment, strict=True)
    ]


def _terms(charges: Sequence[Charge]) -> str:
    return " ".join([f"{each.bucket.max} {each.bucket.window_s * 1000} {each.cost}" for each in charges])


class LocalWindows:
    """Windows of this process, which hold a share. Of more clients than fit, those that have been quiet longest are forgotten."""

    def __init__(self, share: float, *, max_clients: int = MAX_LOCAL_CLIENTS, now: Callable[[], float] = time.monotonic) -> None:
        self._share, self._max_clients, self._now = share, max_clients, now
        self._windows: defaultdict[str, OrderedDict[str, tuple[float, int]]] = defaultdict(OrderedDict)

    async def spend(self, payment: Payment) -> list[Standing]:
        standings = [self._count(charge, spender) for charge, spender in zip(*payment, strict=True)]
        if any(each.left < 0 for each in standings):
            await self.give_back(payment)
        return standings

    async def give_back(self, payment: Payment) -> None:
        for charge, spender in zip(*payment, strict=True):
            windows = self._windows[charge.bucket.name]
            ends, spent = windows.get(spender, (0.0, 0))
            windows[spender] = (ends, max(0, spent - self._cost(charge)))

    def _count(self, charge: Charge, spender: str) -> Standing:
        now, windows = self._now(), self._windows[charge.bucket.name]
        ends, spent = windows.pop(spender, (0.0, 0))
        if ends <= now:
            ends, spent = now + charge.bucket.window_s, 0
        spent += (cost := self._cost(charge))
        windows[spender] = (ends, spent)
        if len(windows) > self._max_clients:
            windows.popitem(last=False)
        return Standing(charge, cost, self._max(charge), self._max(charge) - spent, ends - now)

    def _max(self, charge: Charge) -> int:
        return max(1, int(charge.bucket.max * self._share))

    def _cost(self, charge: Charge) -> int:
        return min(charge.cost, self._max(charge))
