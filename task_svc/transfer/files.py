"""The formats by name, and files as rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from unified.task.v1 import transfer_service_pb2 as pb

from task_svc.transfer import lines, tables
from task_svc.transfer.records import Problem, Record, Row, to_row

MOST_ROWS = 5_000
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Format:
    """`read` answers the line where a record begins with the record, or what keeps it from being one."""

    content_type: str
    file_name: str
    header: bytes
    write: Callable[[Iterable[Record]], bytes]
    read: Callable[[bytes], Iterator[tuple[int, Record] | Problem]]


JSONL = Format("application/x-ndjson", "tasks.jsonl", b"", lines.write, lines.read)
CSV = Format("text/csv", "tasks.csv", tables.HEADER, tables.write, tables.read)
FORMATS: Mapping[int, Format] = {pb.TRANSFER_FORMAT_JSONL: JSONL, pb.TRANSFER_FORMAT_CSV: CSV}


def guessed(content: bytes) -> Format:
    """What the file probably is: no header of CSV begins with a brace."""
    return JSONL if content[:100].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else CSV


def read_rows(content: bytes, form: Format) -> tuple[list[Row], list[Problem]]:
    """The rows, and the first of what is wrong."""
    rows: list[Row] = []
    problems: list[Problem] = []
    first_lines: dict[str, int] = {}
    for read in form.read(content):
        found = read if isinstance(read, Problem) else to_row(*read)
        if isinstance(found, Row):
            rows.append(found)
            if found.kept.id and (first := first_lines.setdefault(found.kept.id, found.line)) != found.line:
                problems.append(Problem(found.line, "id", f"stands on line {first} already"))
        else:
            problems += [found] if isinstance(found, Problem) else found
        if len(rows) > MOST_ROWS:
            problems.append(Problem(rows[-1].line, "", f"is one too many: a file may have {MOST_ROWS} rows"))
        if len(rows) > MOST_ROWS or len(problems) >= MOST_PROBLEMS:
            break
    return rows, problems[:MOST_PROBLEMS]
