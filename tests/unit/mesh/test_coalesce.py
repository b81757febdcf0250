"""Calls that wait for the same server travel together."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh.coalesce import Coalescer
from mesh.tracing import sharing, traceparent


class Server:
    """Doubles numbers, once it is told to go on; keeps the batches it was sent."""

    def __init__(self, *, open_: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        if open_:
            self.gate.set()

    async def send(self, items: list[int]) -> Sequence[int | Exception]:
        self.batches.append(items)
        await self.gate.wait()
        return [ValueError(f"{item} is negative") if item < 0 else item * 2 for item in items]


async def ask(call: Coalescer[int, int], *items: int) -> list[asyncio.Task[int]]:
    """Ask for the items at once, and let what can start start."""
    tasks = [asyncio.ensure_future(call(item)) for item in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_a_lone_call_leaves_at_once() -> None:
    server = Server(open_=True)
    call = Coalescer[int, int](server.send, name="numbers", max_batch=10)
    assert [await call(1), await call(2)] == [2, 4]
    assert server.batches == [[1], [2]]


async def test_what_is_asked_meanwhile_goes_with_the_next() -> None:
    server = Server()
    call = Coalescer[int, int](server.send, name="numbers", max_batch=3)
    tasks = await ask(call, 1)
    tasks += await ask(call, 2, 3, 4, 5)
    assert server.batches == [[1]]
    server.gate.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10]
    assert server.batches == [[1], [2, 3, 4], [5]]


async def test_what_is_asked_in_one_go_leaves_together() -> None:
    server = Server(open_=True)
    call = Coalescer[int, int](server.send, name="numbers", max_batch=2)
    assert await asyncio.gather(*(call(item) for item in (1, 2, 3))) == [2, 4, 6]
    assert server.batches == [[1, 2], [3]]


async def test_as_many_batches_as_allowed_are_under_way() -> None:
    server = Server()
    call = Coalescer[int, int](server.send, name="numbers", max_batch=10, in_flight=2)
    tasks = [task for item in (1, 2, 3, 4) for task in await ask(call, item)]
    assert server.batches == [[1], [2]]
    server.gate.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8]
    assert server.batches == [[1], [2], [3, 4]]


async def test_an_error_goes_to_the_one_who_asked() -> None:
    call = Coalescer[int, int](Server(open_=True).send, name="numbers", max_batch=10)
    good, bad = await ask(call, 1, -1)
    assert await good == 2
    with pytest.raises(ValueError, match="-1 is negative"):
        await bad


async def test_a_failed_batch_fails_all_in_it_and_only_them() -> None:
    failures = [OSError("gone")]

    async def send(items: list[int]) -> list[int]:
        await asyncio.sleep(0)
        if failures and len(items) > 1:
            raise failures.pop()
        return items

    call = Coalescer[int, int](send, name="numbers", max_batch=2)
    outcomes = await asyncio.gather(*(call(item) for item in range(5)), return_exceptions=True)
    failed = [item for item, outcome in enumerate(outcomes) if isinstance(outcome, OSError)]
    assert len(failed) == 2
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [i for i in range(5) if i not in failed]
    assert await call(7) == 7


async def test_too_few_results_are_an_error() -> None:
    async def send(items: list[int]) -> list[int]:
        return []

    with pytest.raises(RuntimeError, match="1 items were answered with 0 results"):
        await Coalescer[int, int](send, name="numbers", max_batch=1)(1)


async def test_a_caller_who_leaves_cancels_nothing() -> None:
    server = Server()
    call = Coalescer[int, int](server.send, name="numbers", max_batch=10)
    tasks = await ask(call, 1, 2, 3)
    for leaving in tasks[:2]:
        leaving.cancel()
    await asyncio.sleep(0)
    server.gate.set()
    assert await tasks[2] == 6
    assert sorted(item for batch in server.batches for item in batch) == [1, 2, 3]
    assert await call(4) == 8


async def test_a_batch_knows_nothing_of_its_callers_context() -> None:
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")

    async def send(items: list[int]) -> list[str]:
        return [whose.get()] * len(items)

    whose.set("mine")
    assert await Coalescer[int, str](send, name="numbers", max_batch=1)(1) == "nobody's"


@given(st.lists(st.integers(-3, 100), max_size=60), st.integers(1, 7), st.integers(1, 3))
@settings(max_examples=50)
def test_everybody_gets_their_own_answer(items: list[int], max_batch: int, in_flight: int) -> None:
    async def run() -> tuple[list[list[int]], list[int | BaseException]]:
        server = Server(open_=True)
        call = Coalescer[int, int](server.send, name="numbers", max_batch=max_batch, in_flight=in_flight)
        return server.batches, await asyncio.gather(*(call(item) for item in items), return_exceptions=True)

    batches, outcomes = asyncio.run(run())
    assert [str(outcome) for outcome in outcomes] == [str(item * 2) if item >= 0 else f"{item} is negative" for item in items]
    assert sorted(item for batch in batches for item in batch) == sorted(items)
    assert all(1 <= len(batch) <= max_batch for batch in batches)


async def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    server = Server()
    call = Coalescer[int, int](server.send, name="numbers", max_batch=10)
    (first,) = await ask(call, 1)
    given_up, last = await ask(call, 2, 3)
    given_up.cancel()
    server.gate.set()
    assert [await first, await last] == [2, 6]
    assert server.batches == [[1], [3]]


async def test_a_batch_belongs_to_the_trace_of_each_of_its_calls() -> None:
    server, seen = Server(), []

    async def send(items: list[int]) -> Sequence[int | Exception]:
        seen.append(sorted(sharing.get()))
        return await server.send(items)

    call = Coalescer[int, int](send, name="numbers", max_batch=10)
    tasks = []
    for trace in ("one", "two", "", "two", "three"):
        traceparent.set(trace)
        tasks += await ask(call, 1)
    server.gate.set()
    await asyncio.gather(*tasks)
    traceparent.set("")
    await call(1)

    assert seen == [["one"], ["three", "two"], []]
