"""Moments survive MongoDB's milliseconds and protobuf's timestamps."""

from datetime import UTC, datetime, timedelta

import bson
from bson.codec_options import CodecOptions
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from mesh.times import from_duration, from_timestamp, in_milliseconds, to_duration, to_timestamp, utc_now

FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
moments = st.datetimes(timezones=st.just(UTC))


@given(moments)
@example(FIRST)
@example(LAST)
@example(datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC))
def test_a_moment_means_what_protobuf_means(moment: datetime) -> None:
    expected = Timestamp()
    expected.FromDatetime(moment)
    assert to_timestamp(moment) == expected
    assert from_timestamp(expected) == moment


@given(moments)
@example(LAST)
def test_milliseconds_survive_mongodb(moment: datetime) -> None:
    kept = in_milliseconds(moment)
    assert timedelta(0) <= moment - kept < timedelta(milliseconds=1)
    options: CodecOptions[dict[str, object]] = CodecOptions(tz_aware=True)
    assert bson.decode(bson.encode({"moment": kept}), options) == {"moment": kept}


def test_now_is_kept_as_it_is() -> None:
    now = utc_now()
    assert now == in_milliseconds(now)
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_what_is_finer_than_a_microsecond_is_dropped() -> None:
    assert from_timestamp(Timestamp(seconds=0, nanos=1_999)) == datetime(1970, 1, 1, 0, 0, 0, 1, UTC)


@given(st.integers(0, 365 * 86_400_000))
def test_a_length_means_what_protobuf_means(number: int) -> None:
    length = timedelta(milliseconds=number)
    assert to_duration(length).ToTimedelta() == length
    assert from_duration(to_duration(length)) == length


def test_of_a_length_what_is_finer_than_a_millisecond_is_dropped() -> None:
    assert from_duration(Duration(seconds=1, nanos=1_999_999)) == timedelta(seconds=1, milliseconds=1)
