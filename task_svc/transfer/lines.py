"""JSON lines: a record on each line."""

from collections.abc import Iterable, Iterator

import orjson

from task_svc.transfer.records import Problem, Record


def write(records: Iterable[Record]) -> bytes:
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


def read(content: bytes) -> Iterator[tuple[int, Record] | Problem]:
    """Each line's number with what it holds; blank lines hold nothing."""
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield _read(number, line)


def _read(number: int, line: bytes) -> tuple[int, Record] | Problem:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Problem(number, "", f"is not JSON: {error}")
    return (number, record) if isinstance(record, dict) else Problem(number, "", "must be an object")
