"""People who call all services and never try again, while something is done to the platform."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.e2e.rest import Answer, Person

WRITERS = 2
# As fast as they can, they would take the time that the processes need which are started meanwhile.
PAUSE_S = 0.1


@dataclass
class Traffic:
    """What the callers saw."""

    answers: list[Answer] = field(default_factory=list)
    stopped: bool = False

    @property
    def failures(self) -> list[tuple[int, object]]:
        return [(answer.status, answer.json) for answer in self.answers if answer.status >= 300]


async def keep_calling(person: Person, traffic: Traffic) -> None:
    """Write and read, without ever trying again."""
    while not traffic.stopped:
        made = await person.post("/api/tasks", {"title": "Under load"})
        traffic.answers.append(made)
        if made.status == 201:
            traffic.answers.append(await person.put(f"/api/tasks/{made.json['id']}", {"status": "in_progress"}))
        traffic.answers.append(await person.get("/api/tasks?pageSize=5"))
        traffic.answers.append(await person.get("/api/notifications/latest"))
        traffic.answers.append(await person.get("/api/users/profile"))
        await asyncio.sleep(PAUSE_S)


async def keep_assigning(person: Person, other: Person, traffic: Traffic) -> None:
    """For which the task service has to ask the user service."""
    while not traffic.stopped:
        traffic.answers.append(await person.post("/api/tasks", {"title": "For another", "assigneeId": other.user["email"]}))


@asynccontextmanager
async def under_load(person: Person, *, assigned: Person | None = None) -> AsyncIterator[Traffic]:
    """With somebody `assigned`, tasks are made for them too."""
    traffic = Traffic()
    callers = [asyncio.create_task(keep_calling(person, traffic)) for _ in range(WRITERS)]
    if assigned:
        callers.append(asyncio.create_task(keep_assigning(person, assigned, traffic)))
    try:
        yield traffic
    finally:
        traffic.stopped = True
        await asyncio.gather(*callers)
