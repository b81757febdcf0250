"""What the Python client sends and reads is what the contract says."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from unified_client.models import HistoryEntry, ListTasksResponse, Task
from unified_client.streams import Lines
from unified_client.wire import UNSET, body_of, query_of, read, to_json

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def test_what_is_unset_is_not_sent_and_none_clears() -> None:
    assert body_of({"title": "Ship it", "due_time": None, "labels": UNSET}) == {"title": "Ship it", "dueTime": None}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (NOON, "2026-01-02T12:00:00Z"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-01-02T12:00:00Z"),
        (timedelta(hours=1), "3600s"),
        (timedelta(milliseconds=-1500), "-1.5s"),
        (b"\x00\xff", "AP8="),
        (["a", NOON], ["a", "2026-01-02T12:00:00Z"]),
        (Task(title="Ship it", due_time=NOON), {"title": "Ship it", "dueTime": "2026-01-02T12:00:00Z"}),
        ({"at": NOON}, {"at": "2026-01-02T12:00:00Z"}),
    ],
)
def test_values_become_the_contracts_json(value: object, sent: object) -> None:
    assert to_json(value) == sent


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_json(datetime(2026, 1, 2))  # noqa: DTZ001


def test_a_list_becomes_repeated_parameters() -> None:
    values = {"label": ["a", "b"], "page_size": 20, "q": UNSET, "dry_run": True}
    assert query_of(values) == [("label", "a"), ("label", "b"), ("pageSize", "20"), ("dryRun", "true")]


def test_an_answer_becomes_a_model_whatever_else_it_holds() -> None:
    answer = {"id": "1", "title": "Ship it", "dueTime": "2026-01-02T12:00:00Z", "labels": ["a"], "newer": {"than": "this client"}}
    assert read(Task, answer) == Task(id="1", title="Ship it", due_time=NOON, labels=("a",))


def test_models_hold_models() -> None:
    page = read(ListTasksResponse, {"tasks": [{"id": "1"}], "nextPageToken": "t"})
    assert page.tasks == (Task(id="1"),)
    assert page.next_page_token == "t"
    assert read(HistoryEntry, {"changes": [{"field": "title"}]}).changes[0].field == "title"


def test_lines_become_events() -> None:
    lines = Lines("")
    text = ": hello\nretry: 1500\n\nid: 7\nevent: task.created\ndata: {\ndata: }\n\n: still there\n\ndata: 1\n\n"
    events = [event for line in text.split("\n") if (event := lines.take(line))]
    assert events == [("task.created", "{\n}"), ("message", "1")]
    assert (lines.last_event_id, lines.retry_s) == ("7", 1.5)
