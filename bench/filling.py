"""A user with as many tasks and notifications as one likes, in the form in which the services store them."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from mesh.mongo import Document
from notify_svc.model import TYPES, Notification
from notify_svc.repository import _to_document as notification_document
from task_svc.finding import EXISTING
from task_svc.model import Priority, Status, Task
from task_svc.repository import _to_fields as task_fields

USER, NOON, DICE = str(ObjectId()), datetime(2026, 1, 1, tzinfo=UTC), random.Random(7)
SELDOM, BATCH = 10_000, 5000
NOUNS = ["release", "invoice", "garden", "report", "letter", "kitchen", "engine", "budget", "travel", "school"]


def tasks(count: int) -> Iterator[Document]:
    """Of all kinds evenly; one in SELDOM has the word and the label `seldom`, every third has no due time."""
    for number in range(count):
        mark = ["seldom"] if number % SELDOM == 7 else []
        created = NOON + timedelta(seconds=number)
        task = Task(
            str(ObjectId()),
            USER,
            title=" ".join([DICE.choice(NOUNS), DICE.choice(NOUNS), *mark]),
            create_time=created,
            update_time=created + timedelta(seconds=DICE.randrange(10_000)),
            due_time=NOON + timedelta(seconds=DICE.randrange(2 * count)) if number % 3 else None,
            status=DICE.choice(list(Status)),
            priority=DICE.choice(list(Priority)),
            labels=(DICE.choice(NOUNS), *mark),
        )
        yield {"_id": ObjectId(task.id), "ownerId": USER, "createTime": created, **task_fields(task), **EXISTING, "outbox": []}


def notifications(count: int) -> Iterator[Document]:
    """Half of them unread, a quarter read, a quarter archived."""
    for number in range(count):
        at = NOON + timedelta(seconds=number)
        told = Notification(str(ObjectId()), USER, f"event {number}", DICE.choice(TYPES), "title", "body", "task", "actor", at)
        yield notification_document([told, told, told.read(at), told.archived(at)][number % 4])


async def fill(database: AsyncDatabase[Document], collection: str, documents: Iterator[Document], count: int) -> None:
    began, batch, stored = time.monotonic(), list[Document](), 0
    for document in documents:
        batch.append(document)
        if len(batch) == BATCH or stored + len(batch) == count:
            await database[collection].insert_many(batch, ordered=False)
            stored += len(batch)
            batch = []
            print(f"\r{collection}: {stored:,} of {count:,}, {time.monotonic() - began:.0f} s", end="", flush=True)
    print()
