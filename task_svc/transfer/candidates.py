"""The tasks that a file's rows would make."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from google.protobuf.json_format import MessageToDict

from mesh.times import MILLISECOND, from_timestamp, in_milliseconds
from task_svc.mapping import values_of
from task_svc.model import Task
from task_svc.transfer.files import MOST_PROBLEMS, Format, read_rows
from task_svc.transfer.records import Problem, Row
from task_svc.use_cases import Assignee


@dataclass(frozen=True, slots=True)
class Candidate:
    """`own_id` is the id that the row has in the file, if any: perhaps that of a task. Whom the row assigns stands in the task as
    the file names them, until `assigned_to` somebody."""

    task: Task
    own_id: str
    line: int
    assignee_name: str = ""

    def assigned_to(self, assignee: Assignee) -> "Candidate":
        return replace(self, task=replace(self.task, assignee_id=assignee.id), assignee_name=assignee.name)


def candidates(content: bytes, form: Format, caller_id: str, now: datetime) -> tuple[list[Candidate], list[Problem]]:
    """What the file would make, or the first of what is wrong with it. With a large file, something for a thread."""
    rows, problems = read_rows(content, form)
    problems = [*problems, *_from_the_future(rows, now)][:MOST_PROBLEMS]
    if problems:
        return [], problems
    ids = _derived_ids(caller_id, rows)
    made = [_made(row, task_id, caller_id, now, index) for index, (row, task_id) in enumerate(zip(rows, ids, strict=True))]
    return made, []


def _from_the_future(rows: Iterable[Row], now: datetime) -> Iterator[Problem]:
    for row in rows:
        for name, time in (("createTime", row.kept.create_time), ("completeTime", row.kept.complete_time)):
            if from_timestamp(time) > now:
                yield Problem(row.line, name, "must not lie in the future")


def _derived_ids(caller_id: str, rows: Iterable[Row]) -> Iterator[str]:
    """The same for the same rows of the same caller. Of rows that say the same, each has an id of its own."""
    seen: Counter[bytes] = Counter()
    for row in rows:
        said = orjson.dumps([MessageToDict(row.task), MessageToDict(row.kept)], option=orjson.OPT_SORT_KEYS)
        known_by = ["id", row.kept.id] if row.kept.id else ["row", seen[said], said.decode()]
        seen[said] += 1
        yield hashlib.blake2b(orjson.dumps([caller_id, *known_by]), digest_size=12).hexdigest()


def _made(row: Row, task_id: str, caller_id: str, now: datetime, index: int) -> Candidate:
    """Rows that do not say when they were made stand in a list in the order of the file."""
    task = Task.made(task_id, caller_id, values_of(row.task), at=now)
    create_time, complete_time = now - index * MILLISECOND, task.complete_time
    if row.kept.HasField("create_time"):
        create_time = in_milliseconds(from_timestamp(row.kept.create_time))
    if complete_time and row.kept.HasField("complete_time"):
        complete_time = in_milliseconds(from_timestamp(row.kept.complete_time))
    return Candidate(replace(task, create_time=create_time, complete_time=complete_time), row.kept.id, row.line)
