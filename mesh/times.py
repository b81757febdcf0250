"""Moments and durations: what MongoDB keeps of them, and their way into contracts."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """Now, in the milliseconds that MongoDB keeps: what was written reads back the same."""
    return in_milliseconds(datetime.now(UTC))


def in_milliseconds(moment: datetime) -> datetime:
    """The moment without what MongoDB would drop."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def milliseconds(moment: datetime) -> int:
    """Since 1970; negative before."""
    return (moment - EPOCH) // MILLISECOND


def to_timestamp(moment: datetime) -> Timestamp:
    """The moment in a contract; by arithmetic, which costs a third of `Timestamp.FromDatetime`."""
    since = moment - EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


def from_timestamp(timestamp: Timestamp) -> datetime:
    """The moment of a contract. The contract's validation keeps it between the years 1 and 9999."""
    return EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)


def to_duration(length: timedelta) -> Duration:
    """The length in a contract."""
    duration = Duration()
    duration.FromTimedelta(length)
    return duration


def from_duration(duration: Duration) -> timedelta:
    """The length of a contract, without what is less than a millisecond. The contract's validation bounds it."""
    return timedelta(seconds=duration.seconds, milliseconds=duration.nanos // 1_000_000)
