"""CSV as RFC 4180 has it, with a header line. The cells of a record are its values, as text."""

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

import orjson

from task_svc.transfer.records import COLUMNS, FIELDS, MAX_NAME_SHOWN, NO_FIELD, Problem, Record

# What a spreadsheet would run as a formula; a quote in front makes it text. Cells that begin so already get one more, so that
# reading can take it off again.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED_FORMULA = re.compile(r"'+[=+\-@\t\r]")
_NEEDS_QUOTES = re.compile(r'[,"\r\n]|^\s')


def write(records: Iterable[Record]) -> bytes:
    return _to_bytes([_to_cell(record.get(name)) for name in COLUMNS] for record in records)


def read(content: bytes) -> Iterator[tuple[int, Record] | Problem]:
    """Each row's first line with what it holds; an empty cell holds nothing. After what is no CSV, nothing more is read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Problem(content.count(b"\n", 0, error.start) + 1, "", "is not UTF-8")
        return
    rows = csv.reader(StringIO(text, newline=""), strict=True)
    line = 1
    try:
        columns = next(rows, [])
        wrong = list(_wrong_columns(columns))
        yield from wrong
        line = rows.line_num + 1
        for cells in rows if not wrong else []:
            if cells:
                yield _to_record(line, columns, cells)
            line = rows.line_num + 1
    except csv.Error as error:
        yield Problem(line, "", f"is not CSV: {error}")


def _wrong_columns(columns: list[str]) -> Iterator[Problem]:
    if not columns:
        yield Problem(1, "", "must name the columns")
    for index, name in enumerate(columns):
        if name not in FIELDS:
            yield Problem(1, name[:MAX_NAME_SHOWN], NO_FIELD)
        elif name in columns[:index]:
            yield Problem(1, name, "is there twice")


def _to_record(line: int, columns: list[str], cells: list[str]) -> tuple[int, Record] | Problem:
    if len(cells) > len(columns):
        return Problem(line, "", f"has {len(cells)} cells for {len(columns)} columns")
    record = {}
    for name, cell in zip(columns, cells, strict=False):
        try:
            record[name] = _to_value(name, cell[1:] if _QUOTED_FORMULA.match(cell) else cell)
        except (csv.Error, orjson.JSONDecodeError):
            return Problem(line, name, "is not a list as a cell holds it")
    return line, record


def _to_cell(value: Any) -> str:
    if isinstance(value, list):
        is_plain = all(isinstance(element, str) for element in value)
        cell = ",".join(map(_quoted, value)) if is_plain else orjson.dumps(value).decode()
    else:
        cell = "" if value is None else str(value)
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _to_value(name: str, cell: str) -> Any:
    field = FIELDS[name]
    if not cell:
        return None
    if not field.is_repeated:
        return cell
    return orjson.loads(cell) if field.message_type else next(csv.reader([cell], skipinitialspace=True, strict=True))


def _quoted(label: str) -> str:
    return f'"{label.replace(chr(34), chr(34) * 2)}"' if _NEEDS_QUOTES.search(label) else label


def _to_bytes(rows: Iterable[list[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


HEADER = _to_bytes([COLUMNS])
