"""Until when the call being served has to be answered: the calls that it makes itself may take no longer."""

import time
from contextvars import ContextVar

# A caller that asks for more gets this.
LONGEST_TIMEOUT_S = 60.0
# Until then every call has ended, and its answer is read.
LONGEST_CALL_S = LONGEST_TIMEOUT_S + 5
DEADLINE: ContextVar[float] = ContextVar("deadline")
"""In seconds of `time.monotonic()`."""


def time_left_s(most_s: float) -> float:
    """How long a call may take that is made for the call being served, and `most_s` at most."""
    return min(most_s, DEADLINE.get() - time.monotonic())
