"""Fires what is due: reminders, and due times that pass. A leased job: of all processes one does it.

What is still to fire stands in the task's own document. The write that puts the event into the outbox takes it out, if the task
is still as it was read: so it fires once, whoever else is at it. A process may die at any time: before that write nothing has
happened, after it the outbox has the event. A moment that came while no process ran fires as soon as one does.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import pymongo
from bson import ObjectId
from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from mesh import outbox
from mesh.leases import Lease
from mesh.mongo import Document
from mesh.outbox import Outbox
from mesh.pages import Position
from task_svc.mapping import event_to_envelope
from task_svc.model import Kind, Task, TaskEvent
from task_svc.repository import COLLECTION, FIELDS, to_task
from task_svc.scheduling import INDEX, INDEX_NAME, NEXT_MOMENT, UNSCHEDULED, as_read, due_by, next_moment, to_scheduled

log = logging.getLogger(__name__)

# Each task of a batch is a write of its own, and they travel together.
BATCH, FILL_BATCH = 50, 200
TIMEOUT_S = 5.0


class Reminders:
    def __init__(
        self,
        database: AsyncDatabase[Document],
        outbox: Outbox,
        lease: Lease,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._tasks, self._outbox, self._lease = database[COLLECTION], outbox, lease
        self._now, self._new_id = now, new_id

    async def ensure_indexes(self) -> None:
        await self._tasks.create_indexes([INDEX])
        await self._fill_in()

    async def _fill_in(self) -> None:
        """Schedule what is still ahead of tasks that were stored before there were schedules."""
        while documents := await self._tasks.find(UNSCHEDULED, FIELDS).hint(INDEX_NAME).limit(FILL_BATCH).to_list():
            tasks = [to_task(document).resumed(self._now()) for document in documents]
            changes = [(_unchanged(each) | UNSCHEDULED, {"$set": to_scheduled(each)}) for each in tasks]
            await self._tasks.bulk_write([UpdateOne(*change) for change in changes], ordered=False)

    async def run(self) -> None:
        """Fire everything that is due, unless another process is at it. A task that cannot take its events waits for the next
        run; the others do not wait for it."""
        until, position = self._now(), None
        while tasks := await self._due(until, position):
            await asyncio.gather(*(self._fire(task) for task in tasks))
            position = Position(next_moment(tasks[-1]), ObjectId(tasks[-1].id))

    async def stop(self) -> None:
        """Leave the job to others at once."""
        await self._lease.release()

    async def _due(self, until: datetime, position: Position | None) -> list[Task]:
        """The next of the tasks whose moment came until then, behind the position; none while another process does the job."""
        due = {"$and": [due_by(until), position.beyond(NEXT_MOMENT, descending=False) if position else {}]}
        in_order = [(NEXT_MOMENT, ASCENDING), ("_id", ASCENDING)]
        with pymongo.timeout(TIMEOUT_S):
            documents = await self._tasks.find(due, FIELDS).hint(INDEX_NAME).sort(in_order).limit(BATCH).to_list()
            # Only who has something to do asks for the lease, which costs a write.
            return [to_task(each) for each in documents] if documents and await self._lease.acquire() else []

    async def _fire(self, task: Task) -> None:
        now = self._now()
        fired = task.fired(now)
        due = [moment for moment in task.pending if moment not in fired.pending]
        events = [TaskEvent(self._new_id(), Kind(each.alarm), fired, actor_id="", time=now) for each in due]
        envelopes = [event_to_envelope(event) for event in events]
        change = {"$set": to_scheduled(fired), "$inc": {"firings": 1}, **outbox.pushing(*envelopes)}
        try:
            with pymongo.timeout(TIMEOUT_S):
                written = await self._tasks.update_one({**_unchanged(task), **outbox.NOT_FULL}, change)
        except PyMongoError as error:
            log.info("a reminder waits", extra={"task_id": task.id, "error": repr(error)})
            return
        if written.matched_count:
            for envelope in envelopes:
                self._outbox.publish_soon(ObjectId(task.id), envelope)


def _unchanged(task: Task) -> Document:
    return {"_id": ObjectId(task.id), "version": task.version, **as_read(task)}
