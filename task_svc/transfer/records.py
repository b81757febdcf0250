"""A task as a record: its fields by their names in JSON, with their values in JSON. What fields there are, the contract says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from unified.api.v1 import options_pb2
from unified.task.v1 import task_pb2

from mesh.validation import compile_rules

Record = dict[str, Any]

TASK = task_pb2.Task.DESCRIPTOR
FIELDS: Mapping[str, FieldDescriptor] = {field.json_name: field for field in TASK.fields}
# An etag says nothing outside.
COLUMNS = [name for name in FIELDS if name != "etag"]
# What the service sets, and an import takes over all the same.
KEPT = ("id", "createTime", "completeTime")
LONGEST_ID = 100
# A misspelt name is shown, but what is refused travels in trailers, which are small.
MAX_NAME_SHOWN = 40
NO_FIELD = "is not a field of a task"
MEANINGS = {
    "google.protobuf.Timestamp": 'must be a time of RFC 3339, as in "2030-01-31T12:00:00Z"',
    "google.protobuf.Duration": 'must be a duration in seconds, as in "3600s"',
}
_problems = compile_rules(TASK)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row: the line where it begins, the column, and words that complete its name."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row that may become a task: what may be written of it, and what only the service sets otherwise."""

    line: int
    task: task_pb2.Task
    kept: task_pb2.Task


def to_record(task: task_pb2.Task) -> Record:
    """Plain fields are always there, others when set."""
    record = MessageToDict(task, always_print_fields_with_no_presence=True, use_integers_for_enums=True)
    for name, words in _WORDS.items():
        record[name] = words[record[name]]
    return {name: record[name] for name in COLUMNS if name in record}


def to_row(line: int, record: Mapping[str, Any]) -> Row | list[Problem]:
    """The row that the record is, or all that is wrong with it. What is null, or for the service to set, is not read."""
    row, problems = Row(line, task_pb2.Task(), task_pb2.Task()), []
    for name, value in record.items():
        if name not in FIELDS:
            problems.append(Problem(line, name[:MAX_NAME_SHOWN], NO_FIELD))
        elif value is not None and (name in KEPT or not _rules(FIELDS[name]).output_only):
            problem = _READERS[name](value, row.kept if name in KEPT else row.task)
            problems += [Problem(line, name, problem)] if problem else []
    read_wrong = {problem.column for problem in problems}
    for broken in _problems(row.task):
        name = TASK.fields_by_name[broken.field.partition(".")[0].partition("[")[0]].json_name
        if name not in read_wrong:
            problems.append(Problem(line, name, broken.message))
    if len(row.kept.id) > LONGEST_ID:
        problems.append(Problem(line, "id", f"must have at most {LONGEST_ID} characters"))
    return problems or row


def _rules(field: FieldDescriptor) -> Any:
    return field.GetOptions().Extensions[options_pb2.rules]


def _words_of(enum: EnumDescriptor) -> dict[int, str]:
    prefix = f"{enum.name.upper()}_"
    return {value.number: value.name.removeprefix(prefix).lower() for value in enum.values}


Reader = Callable[[Any, task_pb2.Task], str | None]
"""Takes a value into the task, or says what is wrong with it."""


def _reader(name: str, field: FieldDescriptor) -> Reader:
    held = field.message_type.full_name if field.message_type else ""
    if field.enum_type is not None:
        return _word_reader(name, field.enum_type)
    meaning = MEANINGS.get(held, "must be a string" if not held else "has a value of another kind")
    if field.is_repeated:
        meaning = "must be a list of strings" if not held else "must be a list, as in the answer of GET"

    def read(value: Any, task: task_pb2.Task) -> str | None:
        try:
            ParseDict({name: value}, task)
        except (ParseError, ValueError, TypeError):
            return meaning
        return None

    return read


def _word_reader(name: str, enum: EnumDescriptor) -> Reader:
    numbers = {word: number for number, word in _words_of(enum).items() if number}
    meaning = f"must be one of {', '.join(numbers)}"

    def read(value: Any, task: task_pb2.Task) -> str | None:
        number = numbers.get(value.lower()) if isinstance(value, str) else None
        if number is None:
            return meaning
        setattr(task, FIELDS[name].name, number)
        return None

    return read


_WORDS = {name: _words_of(field.enum_type) for name, field in FIELDS.items() if field.enum_type}
_READERS = {name: _reader(name, field) for name, field in FIELDS.items()}
