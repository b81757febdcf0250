"""Log lines: JSON, one a line, with the request they belong to."""

import logging
import subprocess
import sys
from collections import Counter
from typing import Any

import orjson
import pytest

from mesh.logs import ROUTINE, JsonFormatter

PROCESS = """
import contextvars, logging
from mesh import logs

logs.configure("tests", "info")
log = logging.getLogger("some.logger")
log.debug("too quiet")
log.info("before any request")
def serve(number):
    logs.request_id.set(f"request-{number}")
    log.info("served", extra={"number": number})
for number in (1, 2):
    contextvars.copy_context().run(serve, number)
logging.getLogger("pymongo.topology").error("noise")
try:
    raise ValueError("broken\\nin two")
except ValueError:
    log.exception("failed")
"""


def line(message: str, **extra: Any) -> dict[str, Any]:
    record = logging.LogRecord("some.logger", logging.INFO, "file.py", 1, message, None, None)
    vars(record).update(extra)
    text = JsonFormatter("tests").format(record)
    assert "\n" not in text
    parsed: dict[str, Any] = orjson.loads(text)
    return parsed


def test_a_line_has_its_fields_beside_the_message() -> None:
    written = line("task created", task_id="1", seconds=0.5)
    assert written.pop("time").endswith("+00:00")
    assert written == {
        "level": "info",
        "service": "tests",
        "logger": "some.logger",
        "message": "task created",
        "task_id": "1",
        "seconds": 0.5,
    }


def test_a_value_cannot_forge_a_line() -> None:
    assert line("x", user='a\n{"level": "error"}\u2028\x1b[31m')["user"] == 'a\n{"level": "error"}\u2028\x1b[31m'


@pytest.mark.parametrize(
    "value",
    [{1, 2}, object(), b"\xff", ValueError("x"), {1: 2}, 2**70, "\ud800", float("nan")],
    ids=lambda value: type(value).__name__,
)
def test_every_value_can_be_written(value: object) -> None:
    assert line("x", value=value)["message"] == "x"


def test_a_process_writes_each_line_with_its_request() -> None:
    run = subprocess.run([sys.executable, "-c", PROCESS], stderr=subprocess.PIPE, check=True, timeout=60)
    lines = [orjson.loads(written) for written in run.stderr.splitlines()]
    summary = [(written["message"], written.get("request_id"), written.get("number")) for written in lines]
    assert summary == [
        ("before any request", None, None),
        ("served", "request-1", 1),
        ("served", "request-2", 2),
        ("failed", None, None),
    ]
    assert "ValueError: broken\nin two" in lines[-1]["exception"]
    assert {written["service"] for written in lines} == {"tests"}


ROUTINE_PROCESS = """
import contextvars, logging, sys
from mesh import logs

logs.configure("tests", "info", routine_share=float(sys.argv[1]))
def serve(number):
    logs.request_id.set(f"request-{number}")
    for routine in (True, True, False):
        logging.getLogger("some.logger").info("served", extra={"number": number, logs.ROUTINE: routine})
for number in range(100):
    contextvars.copy_context().run(serve, number)
"""


@pytest.mark.parametrize(("share", "least", "most"), [("0", 0, 0), ("0.3", 15, 45), ("1", 100, 100)])
def test_of_routine_a_share_is_written_whole_requests_at_a_time(share: str, least: int, most: int) -> None:
    process = [sys.executable, "-c", ROUTINE_PROCESS, share]
    written = subprocess.run(process, capture_output=True, check=True, timeout=30).stderr.splitlines()
    lines = Counter(orjson.loads(each)["number"] for each in written)
    assert set(lines.values()) <= {1, 3}
    assert least <= [*lines.values()].count(3) <= most
    assert len(lines) == 100
    assert not any(ROUTINE in orjson.loads(each) for each in written)
