"""Calls that wait for the same server travel together: what is asked while one batch is under way goes with the next."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from prometheus_client import Histogram

from mesh.tracing import sharing, traceparent

Item = TypeVar("Item")
Result = TypeVar("Result")

SIZE = Histogram(
    "unified_batch_size", "Calls that travelled together in one command.", ["batch"], buckets=[2**power for power in range(9)]
)


class _Waiting(NamedTuple, Generic[Item, Result]):
    item: Item
    future: asyncio.Future[Result]
    traceparent: str


class Coalescer(Generic[Item, Result]):
    """Turns single calls into batches. There is no timer: a lone call leaves at once.

    `send` takes 1 to `max_batch` items and answers as many results in the same order; an exception in the place of a result
    is raised to the one who asked for it, an exception out of `send` to everyone in the batch. A batch runs in a task of its
    own, outside any caller's context: a caller that goes away cancels neither the batch nor a command half-way on the wire.
    """

    def __init__(
        self,
        send: Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        name: str,
        max_batch: int,
        in_flight: int = 1,
    ) -> None:
        """`name` says what travels, to who reads metrics."""
        self._send, self._max_batch = send, max_batch
        self._size = SIZE.labels(name)
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._idle = in_flight
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, item: Item) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, future, traceparent.get()))
        if self._idle:
            self._idle -= 1
            task = asyncio.get_running_loop().create_task(self._drain(), context=contextvars.Context())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _drain(self) -> None:
        try:
            while batch := self._next_batch():
                await self._send_batch(batch)
        finally:
            self._idle += 1

    def _next_batch(self) -> list[_Waiting[Item, Result]]:
        """What waits, without those whose callers have given up: their work must not be done behind their backs."""
        batch: list[_Waiting[Item, Result]] = []
        while self._waiting and len(batch) < self._max_batch:
            waiting = self._waiting.popleft()
            if not waiting.future.done():
                batch.append(waiting)
        return batch

    async def _send_batch(self, batch: list[_Waiting[Item, Result]]) -> None:
        sharing.set([*{each.traceparent for each in batch if each.traceparent}])
        self._size.observe(len(batch))
        try:
            results = await self._send([each.item for each in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"{len(batch)} items were answered with {len(results)} results")
        except Exception as error:  # noqa: BLE001  (whatever it is belongs to those who asked)
            results = [error] * len(batch)
        for (_, future, _), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
