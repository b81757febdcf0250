"""What happens, live, over REST: a stream of notifications and one of tasks, for each who is concerned."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.e2e.rest import Person
from tests.sse import Listener, listening


@asynccontextmanager
async def watching(person: Person, path: str, last_id: str = "") -> AsyncIterator[Listener]:
    async with (
        aiohttp.ClientSession() as session,
        listening(session, person.base_url + path, person.headers, last_id) as listener,
    ):
        yield listener


async def test_everyone_concerned_hears_of_a_task_as_it_changes(ada: Person, bob: Person) -> None:
    async with (
        watching(ada, "/api/notifications/stream") as notes,
        watching(ada, "/api/tasks/stream") as tasks,
        watching(bob, "/api/tasks/stream") as bobs,
    ):
        task = await ada.creates()
        path = f"/api/tasks/{task['id']}"
        created = await tasks.event()
        assert (created.type, created.data["task"], created.data["taskId"]) == ("task.created", task, task["id"])
        assert created.id == created.data["id"]

        assigned = (await ada.patch(path, {"assigneeId": bob.user["id"]})).expect(200)
        assert (await tasks.event()).data["task"] == (await bobs.event()).data["task"] == assigned

        (await ada.patch(path, {"assigneeId": None})).expect(200)
        taken = await bobs.event()
        assert (taken.type, taken.data) == ("task.deleted", {"id": taken.id, "type": "task.deleted", "taskId": task["id"]})
        # Before the next change, which may be told in the place of this one.
        left = await tasks.event()
        assert (left.type, "task" in left.data) == ("task.updated", True)

        (await ada.delete(path)).expect(204)
        gone = await tasks.event()
        assert (gone.type, "task" in gone.data) == ("task.deleted", False)

        told = await notes.events(4)
        assert {each.type for each in told} == {"task.created", "task.updated", "task.deleted"}
        latest = (await ada.get("/api/notifications/latest")).expect(200)["notifications"]
        assert sorted(latest, key=lambda each: each["id"]) == sorted([each.data for each in told], key=lambda each: each["id"])

    # In the meantime much happens to one task; who comes back hears how it is now.
    other = await ada.creates()
    for number in range(5):
        (await ada.patch(f"/api/tasks/{other['id']}", {"title": f"title {number}"})).expect(200)
    async with watching(ada, "/api/tasks/stream", tasks.last_id) as resumed:
        now = await resumed.event()
        assert (now.type, now.data["taskId"], now.data["task"]["title"]) == ("task.updated", other["id"], "title 4")


@pytest.mark.parametrize("path", ["/api/notifications/stream", "/api/tasks/stream"])
async def test_a_malformed_last_event_id_is_named(path: str, ada: Person) -> None:
    problem = (await ada.get(path, headers={"Last-Event-ID": "yesterday"})).expect(400)
    assert problem["errors"] == [{"parameter": "Last-Event-ID", "message": "must be the id of an event"}]
