"""Waiting for what is bound to come, without knowing when."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 30.0
_INTERVAL_S = 0.01


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(_INTERVAL_S)


async def eventually(
    ask: Callable[[], Awaitable[T]], is_right: Callable[[T], bool] = bool, *, interval_s: float = _INTERVAL_S
) -> T:
    """Ask until the answer is right, and return it."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_right(answer := await ask()):
            await asyncio.sleep(interval_s)
    return answer
