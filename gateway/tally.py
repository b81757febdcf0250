"""What one request takes from its buckets, step by step, and what its answer says of them."""

import math
from collections.abc import Sequence
from functools import cache

from prometheus_client import Counter
from unified.error.v1.reason_pb2 import REASON_RATE_LIMITED

from gateway.buckets import Charge
from gateway.errors import RestError
from gateway.limits import Limiter, Spending
from gateway.windows import Payment, Standing

ADMITTED = Counter("unified_rate_admitted", "Requests that a limit admitted.", ["limit"])
REFUSED = Counter("unified_rate_limited", "Requests that a limit refused.", ["limit"])
# To find a child by its labels costs more than to count.
_admitted = cache(ADMITTED.labels)


class Tally:
    """The spending of one request.

    What one step refuses stays spent in the steps before it: who goes on asking uses up what the address may ask for.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._spent: list[Spending] = []
        self._standings: list[Standing] = []
        # Whether its client waits less than the platform would.
        self.hurried = False

    async def spend(self, charges: Sequence[Charge], spenders: Sequence[str]) -> None:
        """One step. Raises RATE_LIMITED when it is too much for a bucket; then none of the step's buckets is spent from."""
        if not charges:
            return
        spending = await self._limiter.spend(Payment(charges, spenders))
        refused = [each for each in spending.standings if each.left < 0]
        if refused:
            self._standings += [each.given_back for each in spending.standings]
            longest = max(refused, key=lambda each: each.reset_s)
            REFUSED.labels(longest.charge.bucket.name).inc()
            raise _refusal(longest)
        self._spent.append(spending)
        self._standings += spending.standings
        for charge in charges:
            _admitted(charge.bucket.name).inc()

    async def give_back(self) -> None:
        """The request failed on our side, so it takes nothing."""
        for spending in self._spent:
            await self._limiter.give_back(spending)
        self._standings = [each.given_back for each in self._standings]

    def headers(self) -> dict[str, str]:
        """What an answer says now: the established fields of the bucket that comes to its end first, the newer ones of all."""
        if not self._standings:
            return {}
        nearest = min(self._standings, key=lambda each: (each.left // each.cost, -each.reset_s))
        return {
            "RateLimit-Limit": str(nearest.max),
            "RateLimit-Remaining": str(_left(nearest)),
            "RateLimit-Reset": str(_seconds(nearest)),
            "RateLimit-Policy": ", ".join([_policy(each) for each in self._standings]),
            "RateLimit": ", ".join([_state(each) for each in self._standings]),
        }


def _policy(standing: Standing) -> str:
    bucket = standing.charge.bucket
    return f'"{bucket.name}";q={standing.max};w={bucket.window_s}'


def _state(standing: Standing) -> str:
    return f'"{standing.charge.bucket.name}";r={_left(standing)};t={_seconds(standing)}'


def _refusal(standing: Standing) -> RestError:
    bucket, cost = standing.charge.bucket, standing.cost
    message = f"at most {standing.max} requests in {bucket.window_s} seconds, by the limit {bucket.name!r}"
    if cost > 1:
        message += f", where this one counts as {cost}"
    return RestError(REASON_RATE_LIMITED, message, members={"bucket": bucket.name}, retry_after_s=_seconds(standing))


def _left(standing: Standing) -> int:
    # A maximum that was lowered may be overdrawn.
    return max(0, standing.left)


def _seconds(standing: Standing) -> int:
    return math.ceil(standing.reset_s)
