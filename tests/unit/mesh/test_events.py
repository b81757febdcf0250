"""The envelope of an event survives the wire and the outbox, and what is none is told apart."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from mesh.events import PREFIX, Event, MalformedEventError
from mesh.times import in_milliseconds

TRACEPARENT = f"00-{'1a' * 16}-{'2b' * 8}-01"
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
events = st.builds(
    Event,
    id=texts,
    type=texts,
    source=texts,
    subject=texts,
    time=st.datetimes(timezones=st.just(UTC)).map(in_milliseconds),
    sequence=st.integers(1, 2**40),
    schema=texts,
    data=st.binary(),
    request_id=st.just("") | texts,
    traceparent=st.just("") | st.just(TRACEPARENT),
)
OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
EVENT = Event(
    "event-1",
    "task.created",
    "task_svc",
    "task",
    datetime(2026, 1, 2, tzinfo=UTC),
    3,
    "a.Schema",
    b"data",
    "request-7",
    TRACEPARENT,
)


@given(events)
def test_an_event_survives_the_wire(event: Event) -> None:
    assert Event.from_headers(event.to_headers(), event.data) == event


@given(events)
def test_an_event_survives_the_outbox(event: Event) -> None:
    stored = bson.decode(bson.encode(event.to_document()), OPTIONS)
    assert Event.from_document(stored) == event


def test_the_headers_are_those_of_cloudevents() -> None:
    assert EVENT.to_headers() == {
        "cloudEvents_specversion": "1.0",
        "cloudEvents_id": "event-1",
        "cloudEvents_type": "task.created",
        "cloudEvents_source": "task_svc",
        "cloudEvents_subject": "task",
        "cloudEvents_time": "2026-01-02T00:00:00.000Z",
        "cloudEvents_sequence": "3",
        "cloudEvents_dataschema": "a.Schema",
        "cloudEvents_requestid": "request-7",
        "cloudEvents_traceparent": TRACEPARENT,
    }


def test_what_others_add_on_the_way_is_ignored() -> None:
    headers = {**EVENT.to_headers(), "x-death": [{"count": 1}], f"{PREFIX}partitionkey": "7"}
    assert Event.from_headers(headers, EVENT.data) == EVENT


def test_a_trace_that_is_none_is_ignored() -> None:
    headers = {**EVENT.to_headers(), f"{PREFIX}traceparent": "00-1"}
    assert Event.from_headers(headers, EVENT.data) == dataclasses.replace(EVENT, traceparent="")


def test_what_a_newer_build_put_into_the_outbox_is_sent_without_what_is_new() -> None:
    assert Event.from_document({**EVENT.to_document(), "mood": "good"}) == EVENT


def test_what_an_older_build_put_into_the_outbox_is_sent() -> None:
    older = {name: value for name, value in EVENT.to_document().items() if name != "traceparent"}
    assert Event.from_document({**older, "request_id": ""}) == dataclasses.replace(EVENT, request_id="", traceparent="")


@pytest.mark.parametrize("name", ["id", "type", "source", "subject", "time", "sequence", "dataschema"])
def test_without_an_attribute_it_is_no_event(name: str) -> None:
    headers = EVENT.to_headers()
    del headers[PREFIX + name]
    with pytest.raises(MalformedEventError):
        Event.from_headers(headers, EVENT.data)


@pytest.mark.parametrize(("name", "value"), [("id", ""), ("time", "yesterday"), ("sequence", "third"), ("sequence", None)])
def test_with_a_broken_attribute_it_is_no_event(name: str, value: object) -> None:
    with pytest.raises(MalformedEventError):
        Event.from_headers({**EVENT.to_headers(), PREFIX + name: value}, EVENT.data)
