"""Live streams through several gateways and services, one of which is late, while gateways and services restart."""

import asyncio
from collections.abc import Callable

import aiohttp

from tests.e2e.rest import Person, visiting
from tests.platform import Platform
from tests.sse import Event, Listener, listening

STREAM = "/api/notifications/stream"
LATE = ("tests.faults.late", "notify_svc", "notify_svc.repository", "MongoNotificationRepository", "add_once")
TASKS = 40


async def told(listener: Listener, tasks: set[str]) -> list[Event]:
    """The events of these tasks, all of them, and each once."""
    events = await listener.events(len(tasks))
    assert {event.data["taskId"] for event in events} == tasks
    return events


async def make(person: Person, count: int) -> set[str]:
    """Ids of new tasks."""
    return {task["id"] for task in await asyncio.gather(*(person.creates() for _ in range(count)))}


async def test_streams_tell_everything_once_through_late_inserts_and_restarts(new_platform: Callable[..., Platform]) -> None:
    platform = new_platform(gateways=2, replicas={"notify_svc": 2}, modules={"notify_svc2": LATE})
    await platform.start()
    one, two = (url + STREAM for url in platform.base_urls)
    async with visiting(platform.base_urls[0]) as visitor, aiohttp.ClientSession() as session:
        ada = await visitor.sign_up()
        async with listening(session, one, ada.headers) as first, listening(session, two, ada.headers) as second:
            made = await make(ada, TASKS)
            for listener in (first, second):
                events = await told(listener, made)
                # Otherwise nothing was late.
                assert [event.id for event in events] != sorted(event.id for event in events)

            # A service that restarts ends no stream.
            for name in ("notify_svc", "notify_svc2"):
                await platform.restart(name)
                more = await make(ada, 3)
                await told(first, more)
                await told(second, more)

            # A gateway that stops says goodbye.
            await platform.process("gateway2").stop()
            assert await second.rest() == []
            assert second.comments[-1] == "goodbye"
        missed = await make(ada, 3)
        await ada.is_notified(TASKS + 9)
        async with listening(session, one, ada.headers, second.last_id) as resumed:
            # What was told in the last seconds may repeat.
            while missed:
                missed.discard((await resumed.event()).data["taskId"])
