"""Until when the call being served has to be answered: the calls that it makes itself may take no longer."""

import time
from contextvars import ContextVar

DEADLINE: ContextVar[float] = ContextVar("deadline")
"""In seconds of `time.monotonic()`."""


def time_left_s(most_s: float) -> float:
    """How long a call may take that is made for the call being served, and `most_s` at most."""
    return min(most_s, DEADLINE.get() - time.monotonic())
