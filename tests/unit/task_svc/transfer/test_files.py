"""Files of tasks: what is written reads back the same, and what is wrong is named by line and column."""

import csv
from io import StringIO
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unified.api.v1 import options_pb2
from unified.task.v1 import task_pb2

from task_svc.mapping import WRITABLE
from task_svc.transfer.files import CSV, JSONL, MOST_PROBLEMS, MOST_ROWS, Format, guessed, read_rows
from task_svc.transfer.records import FIELDS, KEPT, to_record
from tests.made_tasks import TASKS, VALUES


def file_of(form: Format, tasks: list[task_pb2.Task]) -> bytes:
    return form.header + form.write(to_record(task) for task in tasks)


def problems(content: str | bytes, form: Format) -> list[tuple[int, str, str]]:
    data = content.encode() if isinstance(content, str) else content
    return [(each.line, each.column, each.message) for each in read_rows(data, form)[1]]


def test_every_field_that_may_be_set_is_tried() -> None:
    assert set(VALUES) == set(WRITABLE)


@given(st.lists(TASKS, min_size=1, max_size=3))
def test_what_is_written_reads_back_the_same(tasks: list[task_pb2.Task]) -> None:
    for number, task in enumerate(tasks):
        task.id = f"{number:024}"
        task.create_time.seconds = number
        task.owner_id = "not read back"
    for form in (JSONL, CSV):
        content = file_of(form, tasks)
        rows, wrong = read_rows(content, form)
        assert (wrong, guessed(content)) == ([], form)
        for row, task in zip(rows, tasks, strict=True):
            assert (row.kept.id, row.kept.create_time) == (task.id, task.create_time)
            read = task_pb2.Task(id=task.id, owner_id=task.owner_id, create_time=task.create_time)
            read.MergeFrom(row.task)
            assert read == task


@given(TASKS)
def test_no_cell_begins_as_a_formula_does(task: task_pb2.Task) -> None:
    _, cells = csv.reader(StringIO(file_of(CSV, [task]).decode(), newline=""))
    assert [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")] == []


def test_a_table_is_one_that_people_can_read_and_write() -> None:
    task = task_pb2.Task(id="1", title="=1+1", status=task_pb2.STATUS_TODO, labels=["a", "b, c"])
    header, row = file_of(CSV, [task]).decode().splitlines()
    assert header.startswith("id,title,description,status,priority,dueTime,labels,ownerId,assigneeId,")
    assert row.split(",", 6)[:6] == ["1", "'=1+1", "", "todo", "unspecified", ""]
    assert row.split(",", 6)[6].startswith('"a,""b, c""",')
    ((read,), _) = read_rows(b'\xef\xbb\xbftitle,labels\r\n\r\nShip it,"a, b, ""c d"""\r\n', CSV)
    assert (read.line, read.task) == (3, task_pb2.Task(title="Ship it", labels=["a", "b", "c d"]))


def test_what_only_the_service_sets_is_not_read() -> None:
    fields = {name: field for name, field in FIELDS.items() if name not in KEPT}
    ours = [name for name, field in fields.items() if field.GetOptions().Extensions[options_pb2.rules].output_only]
    record = {"title": "x", **dict.fromkeys(ours, "whatever it says")}
    ((row,), wrong) = read_rows(orjson.dumps(record), JSONL)
    assert (row.task, row.kept, wrong) == (task_pb2.Task(title="x"), task_pb2.Task(), [])


TIME = 'must be a time of RFC 3339, as in "2030-01-31T12:00:00Z"'


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("[]", "", "must be an object"),
        ("7", "", "must be an object"),
        ("{}", "title", "is required"),
        ('{"title": ""}', "title", "is required"),
        ('{"title": null}', "title", "is required"),
        ('{"title": 7}', "title", "must be a string"),
        ('{"title": ["x"]}', "title", "must be a string"),
        ('{"title": "%s"}' % ("x" * 201), "title", "must have at most 200 characters"),
        ('{"title": "x", "colour": "red"}', "colour", "is not a field of a task"),
        ('{"title": "x", "due_time": null}', "due_time", "is not a field of a task"),
        ('{"title": "x", "status": "doing"}', "status", "must be one of todo, in_progress, blocked, done, cancelled"),
        ('{"title": "x", "status": 1}', "status", "must be one of todo, in_progress, blocked, done, cancelled"),
        ('{"title": "x", "priority": "unspecified"}', "priority", "must be one of low, medium, high, urgent"),
        ('{"title": "x", "dueTime": "tomorrow"}', "dueTime", TIME),
        ('{"title": "x", "dueTime": 7}', "dueTime", TIME),
        ('{"title": "x", "createTime": "10000-01-01T00:00:00Z"}', "createTime", TIME),
        ('{"title": "x", "labels": "a"}', "labels", "must be a list of strings"),
        ('{"title": "x", "labels": ["a", 1]}', "labels", "must be a list of strings"),
        ('{"title": "x", "labels": ["a", ""]}', "labels", "must have at least 1 characters"),
        ('{"title": "x", "id": 7}', "id", "must be a string"),
        ('{"title": "x", "id": "%s"}' % ("x" * 101), "id", "must have at most 100 characters"),
    ],
)
def test_a_bad_line_is_named(line: str, column: str, message: str) -> None:
    assert problems(f'\n{{"title": "fine"}}\r\n{line}\n', JSONL) == [(3, column, message)]


def test_what_is_no_json_is_named() -> None:
    for line in ("{", "title,status", '{"title": NaN}', "\udc00".encode(errors="surrogatepass")):
        text = line if isinstance(line, bytes) else line.encode()
        ((number, column, message),) = problems(b"\n" + text, JSONL)
        assert (number, column, message.partition(":")[0]) == (2, "", "is not JSON")


@pytest.mark.parametrize(
    ("table", "line", "column", "message"),
    [
        ("", 1, "", "must name the columns"),
        ("title,title\nx,y", 1, "title", "is there twice"),
        ('title,status\n"two\nlines",todo\nx,doing', 4, "status", "must be one of todo, in_progress, blocked, done, cancelled"),
        ("title,status\nx,todo,high", 2, "", "has 3 cells for 2 columns"),
        ('title\nx\n"y', 3, "", "is not CSV: unexpected end of data"),
        ('title\nx\n"y"z\nx', 3, "", "is not CSV: ',' expected after '\"'"),
        ('title,labels\nx,"""a"', 2, "labels", "is not a list as a cell holds it"),
        ("title,labels\nx\n,a", 3, "title", "is required"),
    ],
)
def test_a_bad_cell_is_named(table: str, line: int, column: str, message: str) -> None:
    assert problems(table, CSV) == [(line, column, message)]


def test_a_column_that_is_none_is_named_once() -> None:
    assert problems("title,Colour\nx,red\ny,blue", CSV) == [(1, "Colour", "is not a field of a task")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["before", "at", "x"]), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "", "x.y[0]"]), JSON, max_size=4))
def test_any_record_is_a_row_or_wrong(record: dict[str, Any]) -> None:
    line = orjson.dumps(record)
    rows, wrong = read_rows(line, JSONL)
    assert bool(rows) != bool(wrong)


@given(st.binary(max_size=30) | st.text("title,laberminds\r\n\"'[]{}", max_size=30).map(str.encode))
def test_any_bytes_are_a_file_or_wrong(content: bytes) -> None:
    for prefix, form in ((b"", JSONL), (b"", CSV), (b"title,labels,reminders\r\n", CSV), (b"labels,title\r\na,", CSV)):
        rows, wrong = read_rows(prefix + content, form)
        assert all(row.task.title for row in rows)
        assert all(problem.line >= 1 for problem in wrong)


def test_a_table_is_utf_8() -> None:
    assert problems("title\nx\n\xe4\n".encode("latin-1"), CSV) == [(3, "", "is not UTF-8")]


def test_a_row_stands_there_once() -> None:
    lines = ['{"id": "a", "title": "x"}', '{"id": "b", "title": "x"}', '{"id": "a", "title": "y"}']
    assert problems("\n".join(lines), JSONL) == [(3, "id", "stands on line 1 already")]


def test_a_file_has_an_end_and_so_has_what_is_wrong_with_it() -> None:
    assert problems("title\n" + "x\n" * MOST_ROWS, CSV) == []
    assert problems("title\n" + "x\n" * (MOST_ROWS + 9), CSV) == [
        (MOST_ROWS + 2, "", f"is one too many: a file may have {MOST_ROWS} rows")
    ]
    assert len(problems("title,status\n" + ",\n" * 200, CSV)) == MOST_PROBLEMS
