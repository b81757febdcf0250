"""JSON log lines on standard error: a constant message, its fields, and the request and trace they belong to."""

import atexit
import json
import logging
import logging.handlers
import queue
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from zlib import crc32

import orjson

from mesh.tracing import trace_id

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id that joins the lines of one request at the edge, in the services and in the events it caused."""

ROUTINE = "routine"
"""Set in a line's `extra` where a request went well, and the line may be left out when there are too many of them."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", ROUTINE}


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; whatever was passed as `extra` stands beside the message."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD and value != ""},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:
            # What orjson cannot write (lone surrogates, say) must not cost the line.
            text = json.dumps(line, default=str, skipkeys=True, ensure_ascii=False)
            return text.encode(errors="replace").decode()


class _Enqueue(logging.handlers.QueueHandler):
    """Takes the ids of request and trace while they are known, and leaves formatting to the writer's thread."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.request_id = getattr(record, "request_id", "") or request_id.get()
        record.trace_id = trace_id()
        return record


def _kept(routine_share: float) -> Callable[[logging.LogRecord], bool]:
    """Of routine a share: all lines of a request in all processes, or none."""
    below = routine_share * 2**32
    return lambda record: not getattr(record, ROUTINE, False) or crc32(request_id.get().encode()) < below


def configure(service: str, level: str, *, routine_share: float = 1.0) -> None:
    """Send every logger of the process through a queue to a thread that writes, so that no request waits for a pipe."""
    writer = logging.StreamHandler(sys.stderr)
    writer.setFormatter(JsonFormatter(service))
    lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(lines, writer)
    listener.start()
    atexit.register(listener.stop)
    enqueue = _Enqueue(lines)
    enqueue.addFilter(_kept(routine_share))
    logging.basicConfig(level=level.upper(), handlers=[enqueue], force=True)
    # A broker or database that is away is logged once by our own watch, not with every attempt of its driver.
    for noisy in ("pika", "aiohttp.access", "pymongo"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
