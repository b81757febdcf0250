"""Looks at everything once it has come to rest: over REST as the users do, in the databases, and at the dead letters."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from mesh.deadletters.queue import opened
from mesh.mongo import Document, database, open_mongo
from task_svc.comments.repository import COMMENTS
from task_svc.repository import COLLECTION
from tests.audit.evidence import Delivery, ShownNotification, ShownTask, StoredComment, StoredTask
from tests.audit.load import User
from tests.audit.world import World
from tests.waiting import eventually

LETTERS_LIMIT = 10_000


async def stored_tasks(world: World) -> list[StoredTask]:
    async with open_mongo(world.servers.mongod.url, "audit") as client:
        documents = await database(client, world.platform.database("task_svc"))[COLLECTION].find().to_list()
    return [_stored_task(each) for each in documents]


def _stored_task(document: Document) -> StoredTask:
    due_time = document["dueTime"]
    return StoredTask(
        str(document["_id"]),
        document["ownerId"],
        document["title"],
        document["description"],
        document["version"],
        document["deleted"],
        assignee_id=document["assigneeId"],
        due_at=due_time and due_time.timestamp(),
    )


async def stored_comments(world: World) -> list[StoredComment]:
    async with open_mongo(world.servers.mongod.url, "audit") as client:
        documents = await database(client, world.platform.database("task_svc"))[COMMENTS].find().to_list()
    return [StoredComment(str(each["taskId"]), each["body"]) for each in documents]


async def count_notifications(world: World) -> int:
    async with open_mongo(world.servers.mongod.url, "audit") as client:
        return await database(client, world.platform.database("notify_svc"))["notifications"].count_documents({})


async def shown_tasks(users: Sequence[User]) -> list[ShownTask]:
    return [
        ShownTask(each["id"], each["title"], each["description"], each["etag"], user.id)
        for user in users
        async for each in _all(user, "tasks")
    ]


async def shown_notifications(users: Sequence[User]) -> list[ShownNotification]:
    return [
        ShownNotification(user.id, each["eventId"], each["type"], _task_title(each["title"]), each["taskId"], each["body"])
        for user in users
        async for each in _all(user, "notifications")
    ]


def _task_title(title: str) -> str:
    """What stands between the quotation marks."""
    return title.partition("‘")[2].rpartition("’")[0]


async def _all(user: User, what: str) -> AsyncIterator[dict[str, Any]]:
    """Everything of the user's, page by page."""
    token: str | None = ""
    while token is not None:
        path = f"/api/{what}" + (f"?pageToken={token}" if token else "")
        page = await _page(user, path)
        for each in page[what]:
            yield each
        token = page.get("nextPageToken")


async def _page(user: User, path: str) -> dict[str, Any]:
    """Asked for again, until it is there."""

    async def body() -> dict[str, Any]:
        answer = await user.client.ask("GET", path)
        return answer.body if answer is not None and answer.status == 200 else {}

    return await eventually(body, interval_s=0.2)


def deliveries(world: World) -> list[Delivery]:
    return [Delivery(**json.loads(line)) for line in world.deliveries_file.read_text().splitlines()]


async def dead_letters(world: World) -> list[str]:
    async with opened(world.servers.rabbitmq_url, limit=LETTERS_LIMIT) as queue:
        return [letter.id for letter in await queue.letters()]
