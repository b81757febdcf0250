"""How tasks are found: what is stored beside a task for it, and the filters and indexes that answer a list.

For each order there is an index of a member's tasks. Besides, a task has `terms`: a number for each of its words and labels, its
status and its priority, and for each of its members. One index of the terms finds what a filter asks for in the order of
creation, and of a huge list nothing else is looked at. In another order the server takes whichever is the shorter way: to read
the tasks in that order until enough of them pass the filter, or to sort the few that the filter leaves.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from bson import ObjectId
from bson.int64 import Int64
from pymongo import ASCENDING, DESCENDING, IndexModel

from mesh.mongo import Document
from mesh.pages import Position
from mesh.times import milliseconds
from task_svc.model import Priority, Task
from task_svc.use_cases import Order, Question
from task_svc.words import words

EXISTING: Document = {"deleted": False}
DELETED: Document = {"deleted": True}
TERMS_INDEX = "of_term_newest_first"
RANKS = {priority: rank for rank, priority in enumerate(Priority)}
# Of tasks that are not due at any time: beyond all times, on the side where they come last.
NEVER_MS = 2**62

# Times are those of BSON; due times are whole milliseconds, because no time comes after or before all others.
CREATE_TIME, UPDATE_TIME, RANK, DUE_FIRST, DUE_LAST = "createTime", "updateTime", "priorityRank", "dueFirst", "dueLast"


def _index(name: str, *fields: str, direction: int) -> IndexModel:
    keys = [(fields[0], ASCENDING), *((field, direction) for field in (*fields[1:], "_id"))]
    return IndexModel(keys, name=name, partialFilterExpression=EXISTING)


INDEXES = [
    _index("of_member_newest_first", "memberIds", CREATE_TIME, direction=DESCENDING),
    _index("of_member_changed_last", "memberIds", UPDATE_TIME, direction=DESCENDING),
    _index("of_member_most_urgent", "memberIds", RANK, direction=DESCENDING),
    _index("of_member_due_first", "memberIds", DUE_FIRST, direction=ASCENDING),
    _index("of_member_due_last", "memberIds", DUE_LAST, direction=DESCENDING),
    _index(TERMS_INDEX, "terms", CREATE_TIME, direction=DESCENDING),
]


def to_findable(task: Task) -> Document:
    """What is stored beside the task, and changes with it."""
    terms = {_term(member_id, kind, value) for member_id in task.member_ids for kind, value in _facts(task)}
    return {RANK: RANKS[task.priority], **_due_keys(task), "terms": sorted(terms)}


def sort_field(question: Question) -> str:
    """What the list is sorted by, before the id."""
    if question.order is Order.DUE_TIME:
        return DUE_LAST if question.descending else DUE_FIRST
    return {Order.CREATE_TIME: CREATE_TIME, Order.UPDATE_TIME: UPDATE_TIME, Order.PRIORITY: RANK}[question.order]


def position_of(task: Task, question: Question) -> Position:
    """Where the task stands in the list."""
    keys: dict[str, datetime | int] = {
        CREATE_TIME: task.create_time,
        UPDATE_TIME: task.update_time,
        RANK: RANKS[task.priority],
        **_due_keys(task),
    }
    return Position(keys[sort_field(question)], ObjectId(task.id))


def filter_of(member_id: str, question: Question) -> Document:
    """Which of the member's tasks the question asks for."""
    wanted: Document = {"memberIds": member_id, **EXISTING}
    facts = [*(("label", label) for label in question.labels), *(("word", word) for word in question.words)]
    terms: list[Document] = [{"terms": _term(member_id, kind, value)} for kind, value in facts]
    for kind, values in (("status", question.statuses), ("priority", question.priorities)):
        if values:
            terms.append({"terms": {"$in": [_term(member_id, kind, value) for value in values]}})
    if terms:
        wanted["$and"] = terms
    if question.due_after or question.due_before:
        # Said of both fields, because each index knows only its own.
        wanted |= dict.fromkeys((DUE_FIRST, DUE_LAST), _due_range(question))
    return wanted


def _due_range(question: Question) -> Document:
    first = milliseconds(question.due_after) if question.due_after else 1 - NEVER_MS
    end = milliseconds(question.due_before) if question.due_before else NEVER_MS
    return {"$gte": Int64(first), "$lt": Int64(end)}


def _due_keys(task: Task) -> dict[str, Int64]:
    due_ms = None if task.due_time is None else milliseconds(task.due_time)
    return {
        DUE_FIRST: Int64(NEVER_MS if due_ms is None else due_ms),
        DUE_LAST: Int64(-NEVER_MS if due_ms is None else due_ms),
    }


def _facts(task: Task) -> Iterator[tuple[str, str]]:
    yield "status", task.status
    yield "priority", task.priority
    yield from (("label", label) for label in task.labels)
    yield from (("word", word) for word in words(f"{task.title}\n{task.description}"))


def _term(member_id: str, kind: str, value: str) -> Int64:
    """Eight bytes whatever the word's length; that two of them meet by chance is not to be expected."""
    digest = hashlib.blake2b(f"{member_id}\0{kind}\0{value}".encode(), digest_size=8).digest()
    return Int64(int.from_bytes(digest, "big", signed=True))
