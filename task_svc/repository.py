"""Keeps tasks in MongoDB, each with its outbox. Holds no rules.

A document is a task and the events that tell of its changes, so that a change and its event are one atomic write. Updates set
fields and never replace a document; a deleted task stays as a tombstone, with the events that are not out yet, until it is
restored or purged. A task's history (history.py) is made of its events, and so is kept with each change. Ids of users are words
to this service: whatever the token, or the user service, says.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2

from mesh import outbox, pages
from mesh.errors import ServiceError
from mesh.events import Event
from mesh.inserts import Inserter
from mesh.mongo import Document, object_id
from mesh.outbox import Outbox
from mesh.transactions import after_commit, session
from task_svc.audience import departures_of, to_audience
from task_svc.finding import DELETED, EXISTING, INDEXES, TERMS_INDEX, filter_of, position_of, sort_field, to_findable
from task_svc.mapping import event_to_envelope
from task_svc.model import Priority, Status, Task, TaskEvent
from task_svc.scheduling import as_read, scheduled_of, to_scheduled
from task_svc.use_cases import Page, Question

COLLECTION = "tasks"
FIELDS = {outbox.FIELD: False, "terms": False}
FILL_BATCH = 200


class MongoTaskRepository:
    def __init__(
        self, database: AsyncDatabase[Document], outbox: Outbox, wake: Callable[[Iterable[str]], None] = lambda _: None
    ) -> None:
        """`wake` tells users' streams that there is news."""
        self._tasks, self._outbox, self._wake = database[COLLECTION], outbox, wake
        self._insert = Inserter(self._tasks)

    async def ensure_indexes(self) -> None:
        await self._tasks.create_indexes(INDEXES)
        await self._outbox.ensure_indexes()
        await self._fill_in()

    async def _fill_in(self) -> None:
        """Make tasks findable that were stored before tasks were; the terms' index knows which have none."""
        without = {"terms": None, **EXISTING}
        while documents := await self._tasks.find(without, FIELDS).hint(TERMS_INDEX).limit(FILL_BATCH).to_list():
            tasks = [to_task(document) for document in documents]
            changes = [({"_id": ObjectId(each.id), "version": each.version}, {"$set": to_findable(each)}) for each in tasks]
            await self._tasks.bulk_write([UpdateOne(*change) for change in changes], ordered=False)

    async def add(self, task: Task, event: TaskEvent) -> None:
        envelope = event_to_envelope(event)
        await self._insert(_new_document(task, envelope))
        self._announce(task, event, envelope)

    async def add_all(self, made: Sequence[tuple[Task, TaskEvent]]) -> None:
        envelopes = [(task, event_to_envelope(event)) for task, event in made]
        await self._tasks.insert_many([_new_document(*each) for each in envelopes], session=session())
        for task, envelope in envelopes:
            self._outbox.publish_soon(ObjectId(task.id), envelope)
        after_commit(partial(self._wake, {member_id for task, _ in made for member_id in task.member_ids}))

    async def stored(self, member_id: str, task_ids: Collection[str]) -> dict[str, bool]:
        keys = [key for key in map(object_id, task_ids) if key]
        found = self._tasks.find({"_id": {"$in": keys}, "memberIds": member_id}, {"deleted": True}, session=session())
        return {str(each["_id"]): each["deleted"] for each in await found.to_list()}

    def _announce(self, task: Task, event: TaskEvent, envelope: Event) -> None:
        """Once it counts."""
        self._outbox.publish_soon(ObjectId(task.id), envelope)
        after_commit(partial(self._wake, {*task.member_ids, event.previous_assignee_id} - {""}))

    async def get(self, member_id: str, task_id: str) -> Task | None:
        return await self._find(member_id, task_id, EXISTING)

    async def get_deleted(self, member_id: str, task_id: str) -> Task | None:
        return await self._find(member_id, task_id, DELETED)

    async def _find(self, member_id: str, task_id: str, state: Document) -> Task | None:
        key = object_id(task_id)
        if key is None:
            return None
        document = await self._tasks.find_one({"_id": key, "memberIds": member_id, **state}, FIELDS, session=session())
        return to_task(document) if document else None

    async def list(self, member_id: str, question: Question, page_size: int, page_token: str) -> Page:
        name, field = f"tasks {question}", sort_field(question)
        position = pages.from_token(name, page_token)
        wanted = [filter_of(member_id, question)]
        if position:
            wanted.append(position.beyond(field, descending=question.descending))
        direction = DESCENDING if question.descending else ASCENDING
        found = self._tasks.find({"$and": wanted}, FIELDS).sort([(field, direction), ("_id", direction)])
        tasks = [to_task(document) for document in await found.limit(page_size + 1).to_list()]
        if len(tasks) <= page_size:
            return Page(tasks, None)
        return Page(tasks[:page_size], pages.to_token(name, position_of(tasks[page_size - 1], question)))

    async def update(self, task: Task, event: TaskEvent) -> bool:
        return await self._replace_version(task, event, {})

    async def delete(self, task: Task, event: TaskEvent) -> bool:
        return await self._replace_version(task, event, {**DELETED, "deleteTime": task.update_time})

    async def restore(self, task: Task, event: TaskEvent) -> bool:
        return await self._replace_version(task, event, {**EXISTING, "deleteTime": None})

    async def _replace_version(self, task: Task, event: TaskEvent, tombstone: Document) -> bool:
        envelope = event_to_envelope(event)
        # Whether it is deleted goes with the version; what has fired does not.
        before: Document = {"_id": ObjectId(task.id), "version": task.version - 1, **as_read(task)}
        change = {"$set": {**_to_fields(task), **tombstone}, **outbox.pushing(envelope)}
        result = await self._tasks.update_one({**before, **outbox.NOT_FULL}, change, session=session())
        if result.matched_count:
            self._announce(task, event, envelope)
            return True
        if await self._tasks.find_one(before, {"_id": True}, session=session()):
            raise ServiceError(reason_pb2.REASON_OVERLOADED, "too many unsent events of this task", retry_after_s=5)
        return False


def _new_document(task: Task, envelope: Event) -> Document:
    fixed = {"_id": ObjectId(task.id), "ownerId": task.owner_id, "createTime": task.create_time}
    return {**fixed, **_to_fields(task), **EXISTING, outbox.FIELD: [envelope.to_document()]}


def _to_fields(task: Task) -> Document:
    """What may differ from version to version."""
    return {
        "memberIds": list(task.member_ids),
        "title": task.title,
        "description": task.description,
        "status": task.status.value,
        "priority": task.priority.value,
        "dueTime": task.due_time,
        "labels": list(task.labels),
        "assigneeId": task.assignee_id,
        "updateTime": task.update_time,
        "completeTime": task.complete_time,
        "version": task.version,
        **to_scheduled(task),
        **to_findable(task),
        **to_audience(task),
    }


def to_task(document: Any) -> Task:
    return Task(
        id=str(document["_id"]),
        owner_id=document["ownerId"],
        title=document["title"],
        create_time=document["createTime"],
        update_time=document["updateTime"],
        description=document["description"],
        status=Status(document["status"]),
        priority=Priority(document["priority"]),
        due_time=document["dueTime"],
        labels=tuple(document["labels"]),
        # Tasks were stored before they could be assigned.
        assignee_id=document.get("assigneeId", ""),
        complete_time=document["completeTime"],
        departures=departures_of(document),
        version=document["version"],
        **scheduled_of(document),
    )
