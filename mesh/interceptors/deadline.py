"""Gives each call the time its caller left it, less what the answer needs, and refuses work that cannot finish."""

import asyncio
import time
from typing import Any

import pymongo

from mesh.deadlines import DEADLINE, LONGEST_TIMEOUT_S
from mesh.errors import deadline_exceeded
from mesh.interceptors import Context, Handler, Method

# For callers that set no deadline: nothing waits for ever.
DEFAULT_TIMEOUT_S = 15.0
# The driver tries again and again until its own timeout, which would hold a caller to the end while the store is away.
LONGEST_STORE_S = 5.0
# Kept back from the caller's time, so that our own answer arrives before the caller gives up.
REPORT_S = 0.02
# With less than this left, nothing useful can be done.
LEAST_S = 0.02


def deadline(_: Method, handler: Handler) -> Handler:
    """Run the handler, and all MongoDB operations in it, within the time that is left."""

    async def call(request: Any, context: Context) -> Any:
        left_s = context.time_remaining()
        budget_s = min(DEFAULT_TIMEOUT_S if left_s is None else left_s, LONGEST_TIMEOUT_S) - REPORT_S
        if budget_s < LEAST_S:
            raise deadline_exceeded()
        DEADLINE.set(time.monotonic() + budget_s)
        try:
            # The driver's own timeout ends first and keeps its connection; cancelling an operation would close it.
            with pymongo.timeout(min(budget_s, LONGEST_STORE_S)):
                async with asyncio.timeout(budget_s + REPORT_S / 2):
                    return await handler(request, context)
        except TimeoutError:
            raise deadline_exceeded() from None

    return call
