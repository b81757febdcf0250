"""Tasks as people could make them, by hypothesis."""

from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st
from unified.task.v1 import task_pb2

TIMES = st.builds(
    lambda seconds, millis: Timestamp(seconds=seconds, nanos=millis * 1_000_000),
    st.integers(-62_135_596_800, 253_402_300_799),
    st.integers(0, 999),
)
# What formats and spreadsheets give a meaning to, more often than chance would have it.
SPECIAL = st.text("=+-@\t\r\n'\",; \\|\0\ufeff[]{}#\N{PARTY POPPER}x", max_size=8)


def texts(longest: int, *, shortest: int = 0) -> st.SearchStrategy[str]:
    anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=shortest, max_size=longest)
    return SPECIAL.filter(lambda text: len(text) >= shortest) | anything


REMINDERS = st.builds(task_pb2.Reminder, at=TIMES) | st.builds(
    lambda millis: task_pb2.Reminder(before=Duration(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)),
    st.integers(0, 365 * 86_400_000),
)
# For each field that a caller may set; one that is new must be added here, and so is read and written by these tests.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": texts(20, shortest=1),
    "description": texts(50),
    "status": st.sampled_from([value.number for value in task_pb2.Status.DESCRIPTOR.values if value.number]),
    "priority": st.sampled_from([value.number for value in task_pb2.Priority.DESCRIPTOR.values if value.number]),
    "due_time": TIMES | st.none(),
    "labels": st.lists(texts(10, shortest=1), max_size=5),
    "assignee_id": texts(20),
    "reminders": st.lists(REMINDERS, max_size=3, unique_by=task_pb2.Reminder.SerializeToString),
}
TASKS = st.builds(lambda values: task_pb2.Task(id="665f1f77bcf86cd799439021", **values), st.fixed_dictionaries(VALUES))
