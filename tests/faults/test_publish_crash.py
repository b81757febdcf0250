"""kill -9 at each point of an event's way, from the write to the acknowledgement: its owner is told exactly once."""

import pytest

from mesh.mongo import database, open_mongo
from mesh.outbox import PENDING
from task_svc.repository import COLLECTION
from tests.e2e.rest import Person
from tests.platform import Platform
from tests.waiting import eventually

POINTS = {
    "written, not published": ("task_svc", "mesh.outbox", "Outbox", "publish_soon"),
    "published, not recorded": ("task_svc", "task_svc.history", "MongoTaskHistory", "record"),
    "recorded, not pulled from the outbox": ("task_svc", "mesh.outbox", "Outbox", "_pull_batch"),
    "delivered, not stored": ("notify_svc", "notify_svc.repository", "MongoNotificationRepository", "add_once"),
    "stored, not acknowledged": ("notify_svc", "mesh.amqp.channel", "Delivery", "ack"),
}


async def nothing_is_left(platform: Platform, mongo_uri: str) -> None:
    """No event of an earlier test waits, for which a process would die before anything has changed."""
    async with open_mongo(mongo_uri, "test") as client:
        tasks = database(client, platform.database("task_svc"))[COLLECTION]
        await eventually(lambda: tasks.count_documents(PENDING), lambda count: count == 0)


async def all_is_well(person: Person) -> None:
    """The gateway reaches both services again."""
    await eventually(lambda: person.get("/api/tasks"), lambda answer: answer.status == 200)
    await eventually(lambda: person.get("/api/notifications"), lambda answer: answer.status == 200)


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS.keys())
async def test_a_change_whose_process_dies_is_told_once(
    point: tuple[str, ...], platform: Platform, ada: Person, mongo_uri: str
) -> None:
    process, *_ = point
    await nothing_is_left(platform, mongo_uri)
    await platform.replace(process, "tests.faults.dying", *point)
    await all_is_well(ada)

    # Whether the answer still comes depends on who dies. The change is made in any case.
    answer = await ada.post("/api/tasks", {"title": "Survive"})
    assert answer.status in (201, 503)
    await platform.process(process).exited()
    await platform.replace(process, process)
    await all_is_well(ada)

    (told,) = await ada.is_notified(1)
    (task,) = (await ada.get("/api/tasks")).expect(200)["tasks"]
    assert (told["type"], told["title"], told["taskId"]) == ("task.created", "Ada created ‘Survive’", task["id"])
    # Everything goes on, and nothing comes twice.
    (await ada.delete(f"/api/tasks/{task['id']}")).expect(204)
    assert [each["type"] for each in await ada.is_notified(2)] == ["task.deleted", "task.created"]
    history = (await ada.get(f"/api/tasks/{task['id']}/history")).expect(200)["entries"]
    assert [(each["type"], each["version"]) for each in history] == [("task.deleted", 2), ("task.created", 1)]
