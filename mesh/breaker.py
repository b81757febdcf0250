"""Keeps callers from waiting for a service that does not answer, and retries from making it worse."""

import math
import random
import time
from collections.abc import Callable

Clock = Callable[[], float]


class Breaker:
    """Opens after `threshold` failures in a row: then calls are refused at once, but for one trial every `pause_s` (jittered).
    A success closes it."""

    def __init__(self, *, threshold: int = 5, pause_s: float = 1.0, now: Clock = time.monotonic) -> None:
        self._threshold, self._pause_s, self._now = threshold, pause_s, now
        self._failures = 0
        self._failed_at = -math.inf
        self._next_trial = 0.0

    def admits(self) -> bool:
        """Whether a call may go out now. While open, whoever is admitted is the trial."""
        if self._failures < self._threshold:
            return True
        if self._now() < self._next_trial:
            return False
        self._pause()
        return True

    def succeeded(self) -> None:
        """The service answered, if only with a refusal."""
        self._failures = 0

    def failed(self) -> None:
        """The service did not answer."""
        self._failures += 1
        self._failed_at = self._now()
        if self._failures >= self._threshold:
            self._pause()

    def broke_off(self, began: float) -> None:
        """The service went away under a call that had begun then, by the breaker's clock. A replica that dies takes all of its
        calls along: that is one failure."""
        if began > self._failed_at:
            self.failed()

    def _pause(self) -> None:
        self._next_trial = self._now() + self._pause_s * random.uniform(0.75, 1.25)  # noqa: S311  (jitter, not a secret)


class RetryBudget:
    """Allows retries as a share of calls, so that a failing service gets little more than its usual load; and `burst` of them at
    once, for the calls that a replica has when it dies."""

    def __init__(self, *, share: float = 0.1, burst: float = 100.0) -> None:
        self._share, self._burst = share, burst
        self._saved = burst

    def called(self) -> None:
        """A first attempt earns a share of a retry."""
        self._saved = min(self._saved + self._share, self._burst)

    def spend(self) -> bool:
        """Whether one more retry is allowed."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
