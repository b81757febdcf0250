"""Live streams through several gateways and services, of which some are late, while gateways and services restart."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import aiohttp

from tests.e2e.rest import Person, visiting
from tests.platform import Platform
from tests.sse import Event, Listener, listening

# Both tell of each new task, once.
STREAMS = ("/api/notifications/stream", "/api/tasks/stream")
LATE = {
    "notify_svc2": ("tests.faults.late", "notify_svc", "notify_svc.repository", "MongoNotificationRepository", "add_once"),
    "task_svc2": ("tests.faults.late", "task_svc", "task_svc.repository", "MongoTaskRepository", "add"),
}
# On a busy machine what is on time may be as late as what is late: then another batch, but not for ever.
TASKS, BATCHES = 40, 5


async def told(listener: Listener, tasks: set[str]) -> list[Event]:
    """The events of these tasks, all of them, and each once."""
    events = await listener.events(len(tasks))
    assert {event.data["taskId"] for event in events} == tasks
    return events


def are_in_order(events: list[Event]) -> bool:
    ids = [event.id for event in events]
    return ids == sorted(ids)


async def resumes(listener: Listener, missed: set[str]) -> None:
    """Hears of these tasks; what was told in the last seconds may repeat."""
    missed = set(missed)
    while missed:
        missed.discard((await listener.event()).data["taskId"])


async def make(person: Person, count: int) -> set[str]:
    """Ids of new tasks."""
    return {task["id"] for task in await asyncio.gather(*(person.creates() for _ in range(count)))}


async def test_streams_tell_everything_once_through_late_inserts_and_restarts(new_platform: Callable[..., Platform]) -> None:
    platform = new_platform(gateways=2, replicas={"notify_svc": 2, "task_svc": 2}, modules=LATE)
    await platform.start()
    async with visiting(platform.base_urls[0]) as visitor, aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        ada = await visitor.sign_up()

        async def at_all(gateway: int, last_ids: Sequence[str] = ("", "")) -> list[Listener]:
            urls = [platform.base_urls[gateway] + stream for stream in STREAMS]
            streams = [listening(session, url, ada.headers, last_id) for url, last_id in zip(urls, last_ids, strict=True)]
            return [await stack.enter_async_context(stream) for stream in streams]

        first, second = await at_all(0), await at_all(1)
        in_order, total = {*first, *second}, 0
        for _ in range(BATCHES):
            made = await make(ada, TASKS)
            total += TASKS
            events = {listener: await told(listener, made) for listener in (*first, *second)}
            in_order -= {listener for listener in events if not are_in_order(events[listener])}
            if not in_order:
                break
        # Otherwise nothing was late.
        assert not in_order

        # Services that restart end no stream.
        for pair in (("notify_svc", "task_svc"), LATE):
            await asyncio.gather(*map(platform.restart, pair))
            more = await make(ada, 3)
            for listener in (*first, *second):
                await told(listener, more)

        # A gateway that stops says goodbye.
        await platform.process("gateway2").stop()
        for listener in second:
            assert await listener.rest() == []
            assert listener.comments[-1] == "goodbye"
        missed = await make(ada, 3)
        await ada.is_notified(total + 9)
        for listener in await at_all(0, [listener.last_id for listener in second]):
            await resumes(listener, missed)
