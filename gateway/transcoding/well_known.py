"""Timestamps, durations and field masks in their JSON form, as protobuf's own JSON mapping writes them."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MIN_SECONDS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _SECOND
_MAX_SECONDS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _SECOND
_MAX_DURATION_SECONDS = 315_576_000_000

_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})")
_DURATION = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s")
_MASK_PATH = re.compile(r"[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)*")
_UPPER = re.compile(r"[A-Z]")
_AFTER_UNDERSCORE = re.compile(r"_([a-z0-9])")


@lru_cache(maxsize=8192)  # A page repeats the times of the page before; formatting costs more than the rest of a task.
def format_time(seconds: int, nanos: int) -> str:
    """RFC 3339 in UTC, with 0, 3, 6 or 9 digits of a second."""
    moment = (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    return f"{moment}{_fraction(nanos)}Z"


def parse_time(text: str) -> Timestamp:
    """Raises ValueError unless `text` is a time of RFC 3339 between the years 1 and 9999."""
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError("not a time of RFC 3339")
    date, clock, fraction, zone = match.groups()
    moment = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if zone == 'Z' else zone}")
    seconds = (moment - _EPOCH) // _SECOND
    if not _MIN_SECONDS <= seconds <= _MAX_SECONDS:
        raise ValueError("out of range")
    return Timestamp(seconds=seconds, nanos=_nanos(fraction))


def format_duration(value: Duration) -> str:
    """Seconds with 0, 3, 6 or 9 decimals and the unit, as in "1.500s"."""
    sign = "-" if value.seconds < 0 or value.nanos < 0 else ""
    return f"{sign}{abs(value.seconds)}{_fraction(abs(value.nanos))}s"


def parse_duration(text: str) -> Duration:
    """Raises ValueError unless `text` is like "3600s" or "-1.5s", at most about 10,000 years."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError("not a duration")
    minus, seconds, fraction = match.groups()
    sign, nanos = -1 if minus else 1, _nanos(fraction)
    if int(seconds) + (nanos > 0) > _MAX_DURATION_SECONDS:
        raise ValueError("out of range")
    return Duration(seconds=sign * int(seconds), nanos=sign * nanos)


def format_mask(value: FieldMask) -> str:
    """The paths in lowerCamelCase, joined by commas."""
    return ",".join(_AFTER_UNDERSCORE.sub(lambda found: found[1].upper(), path) for path in value.paths)


def parse_mask(text: str) -> FieldMask:
    """Raises ValueError unless `text` is lowerCamelCase paths joined by commas."""
    paths = text.split(",") if text else []
    if not all(_MASK_PATH.fullmatch(path) for path in paths):
        raise ValueError("not a field mask")
    return FieldMask(paths=[_UPPER.sub(lambda found: f"_{found[0].lower()}", path) for path in paths])


def _fraction(nanos: int) -> str:
    if nanos == 0:
        return ""
    if nanos % 1_000_000 == 0:
        return f".{nanos // 1_000_000:03}"
    if nanos % 1_000 == 0:
        return f".{nanos // 1_000:06}"
    return f".{nanos:09}"


def _nanos(fraction: str | None) -> int:
    return int((fraction or "0").ljust(9, "0"))
