"""What lists, counts and marks cost a user with very many tasks and notifications: milliseconds at the database's client, as the
services ask it, and the ratio of a late page to the first.

`python -m bench.scale 1000000` fills a MongoDB of its own in a temporary folder (for a million: ten minutes, a few gigabytes).
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pymongo
from pymongo.asynchronous.database import AsyncDatabase

from bench.filling import NOON, USER, fill, notifications, tasks
from dev.ports import free_port
from dev.servers import Mongod
from mesh import mongo, pages
from mesh.amqp import Publisher
from mesh.leases import Lease
from mesh.mongo import Document
from mesh.outbox import Outbox
from mesh.times import utc_now
from mesh.topology import declare_events
from notify_svc import use_cases as inbox
from notify_svc.marking import MongoMarking
from notify_svc.model import InboxMark, State
from notify_svc.repository import MongoNotificationRepository
from task_svc.finding import filter_of, sort_field
from task_svc.model import Priority, Status
from task_svc.repository import MongoTaskRepository
from task_svc.use_cases import Order, Question

PAGE, ROUNDS, LATE = 20, 30, 2000
# To find where a late page begins.
FINDING_S = 300.0
HALF_YEAR = NOON + timedelta(days=180)
FILTERS: dict[str, Any] = {
    "a common word": {"words": ("garden",)},
    "a rare word": {"words": ("seldom",)},
    "a label": {"labels": ("engine",)},
    "two statuses": {"statuses": (Status.TODO, Status.DONE)},
    "a priority": {"priorities": (Priority.URGENT,)},
    "word, label, status": {"words": ("garden",), "labels": ("engine",), "statuses": (Status.TODO,)},
    "a rare word, by due time": {"words": ("seldom",), "order": Order.DUE_TIME},
    "due within half a year, by due time": {"due_after": NOON, "due_before": HALF_YEAR, "order": Order.DUE_TIME},
    **{f"all, by {order}{' desc' * down}": {"order": order, "descending": down} for order in Order for down in (False, True)},
}
INBOXES = {
    "inbox": inbox.Question(),
    "unread": inbox.Question((State.UNREAD,)),
    "archived": inbox.Question((State.ARCHIVED,)),
    "inbox, one type": inbox.Question(types=("task.deleted",)),
}


async def median_ms(call: Callable[[], Awaitable[object]]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await call()
        took.append(time.perf_counter() - began)
    return 1000 * median(took)


async def measure_tasks(database: AsyncDatabase[Document], repository: MongoTaskRepository, count: int) -> None:
    for name, filters in FILTERS.items():
        question = Question(**filters)
        field, way = sort_field(question), -1 if question.descending else 1
        found = database["tasks"].find(filter_of(USER, question), {field: True}).sort([(field, way), ("_id", way)])
        with pymongo.timeout(FINDING_S):
            late = await found.skip(count // 2 if name.startswith("all") else LATE).limit(1).to_list()
        token = "".join(pages.to_token(f"tasks {question}", pages.Position(each[field], each["_id"])) for each in late)
        await show(f"tasks: {name}", partial(repository.list, USER, question, PAGE), token)


async def measure_inbox(repository: MongoNotificationRepository, count: int) -> None:
    for name, question in INBOXES.items():
        token = ""
        for _ in range(min(LATE, count // 50) // 100):
            token = (await repository.list(USER, question, 100, token)).next_page_token or token
        await show(f"notifications: {name}", partial(repository.list, USER, question, PAGE), token)
    counting_ms = await median_ms(lambda: repository.count_new(USER, 1000))
    print(f"| notifications: counts to 1000 | {counting_ms:.1f} | | |")


async def show(name: str, page: Callable[[str], Awaitable[object]], late_token: str) -> None:
    first_ms, late_ms = await median_ms(lambda: page("")), await median_ms(lambda: page(late_token))
    late = f"{late_ms:.1f} | {late_ms / first_ms:.2f}" if late_token else "only one page |"
    print(f"| {name} | {first_ms:.1f} | {late} |", flush=True)


async def measure_marking(marking: MongoMarking) -> None:
    for step in ("at once", "the rest"):
        began = time.perf_counter()
        await (marking.mark_all(USER, InboxMark.READ, None, utc_now()) if step == "at once" else marking.run())
        print(f"read-all, {step}: {time.perf_counter() - began:.1f} s", flush=True)


async def measure(url: str, count: int) -> None:
    async with mongo.open_mongo(url, "bench") as client:
        database = mongo.database(client, "scale")
        lease = Lease(database["leases"], "bench", "bench", timedelta(minutes=1))
        outbox = Outbox(database["tasks"], Publisher(declare_events), lease, sweep_age_s=1)
        task_repository, inbox_repository = MongoTaskRepository(database, outbox), MongoNotificationRepository(database)
        await task_repository.ensure_indexes()
        await inbox_repository.ensure_indexes()
        await fill(database, "tasks", tasks(count), count)
        await fill(database, "notifications", notifications(count), count)
        print(f"| of {count:,} | first page, ms | late page, ms | ratio |\n|---|---|---|---|")
        await measure_tasks(database, task_repository, count)
        await measure_inbox(inbox_repository, count)
        await measure_marking(MongoMarking(database, lease))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, help="how many tasks, and how many notifications")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as directory:
        server = Mongod(Path(directory), free_port())
        await server.start()
        try:
            await measure(server.url, count)
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
