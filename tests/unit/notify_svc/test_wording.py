"""What an event tells its recipients."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notify_svc.model import TaskChange
from notify_svc.wording import body_of, title_of

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
CHANGE = TaskChange(
    "event", "task.updated", NOON, "task", "Ship it", task_status="in_progress", actor_id="bob", actor_name="Bob", owner_id="ada"
)


@pytest.mark.parametrize(
    ("event_type", "fields", "title"),
    [
        ("task.created", [], "Bob created ‘Ship it’"),
        ("task.updated", ["title"], "Bob changed ‘Ship it’"),
        ("task.updated", ["title", "status"], "Bob moved ‘Ship it’ to in progress"),
        ("task.deleted", [], "Bob deleted ‘Ship it’"),
        ("task.restored", [], "Bob restored ‘Ship it’"),
        ("task.commented", [], "Bob commented on ‘Ship it’"),
    ],
)
def test_a_title_says_who_did_what_to_which_task(event_type: str, fields: list[str], title: str) -> None:
    assert title_of(replace(CHANGE, type=event_type, changed_fields=fields), "ada") == title


ASSIGNED = replace(CHANGE, actor_id="ada", actor_name="Ada", changed_fields=["assignee_id", "status"])
TO_BOB = replace(ASSIGNED, assignee_id="bob", assignee_name="Bob", previous_assignee_id="eve")
FOR_BOB = replace(TO_BOB, type="task.created", changed_fields=[], previous_assignee_id="")


@pytest.mark.parametrize(
    ("change", "titles"),
    [
        (FOR_BOB, {"ada": "Ada created ‘Ship it’ for Bob", "bob": "Ada created ‘Ship it’ for you"}),
        (replace(FOR_BOB, assignee_id="ada"), {"ada": "Ada created ‘Ship it’"}),
        (
            TO_BOB,
            {
                "ada": "Ada assigned ‘Ship it’ to Bob",
                "bob": "Ada assigned ‘Ship it’ to you",
                "eve": "Ada took ‘Ship it’ off you",
            },
        ),
        (replace(TO_BOB, previous_assignee_id="", assignee_name=""), {"ada": "Ada assigned ‘Ship it’ to somebody"}),
        (replace(TO_BOB, actor_id="eve", actor_name="Eve"), {"eve": "Eve assigned ‘Ship it’ to Bob"}),
        (replace(TO_BOB, actor_id="bob", actor_name="Bob"), {"ada": "Bob took on ‘Ship it’", "bob": "Bob took on ‘Ship it’"}),
        (replace(TO_BOB, assignee_id=""), {"ada": "Ada unassigned ‘Ship it’", "eve": "Ada took ‘Ship it’ off you"}),
        (
            replace(TO_BOB, assignee_id="", actor_id="eve", actor_name="Eve"),
            {"ada": "Eve gave ‘Ship it’ back", "eve": "Eve gave ‘Ship it’ back"},
        ),
    ],
)
def test_a_title_says_to_each_what_an_assignment_means_to_them(change: TaskChange, titles: dict[str, str]) -> None:
    assert {who: title_of(change, who) for who in titles} == titles


@pytest.mark.parametrize(
    ("event_type", "due_time", "title", "body"),
    [
        ("task.due_soon", LATER, "‘Ship it’ is due soon", "Due 2026-01-02T13:00:00Z"),
        ("task.due_soon", NOON, "Reminder of ‘Ship it’", "Due 2026-01-02T12:00:00Z"),
        ("task.due_soon", None, "Reminder of ‘Ship it’", ""),
        ("task.overdue", NOON, "‘Ship it’ is overdue", "Due 2026-01-02T12:00:00Z"),
        ("task.overdue", NOON.replace(year=1), "‘Ship it’ is overdue", "Due 0001-01-02T12:00:00Z"),
    ],
)
def test_a_title_says_what_time_has_come(event_type: str, due_time: datetime | None, title: str, body: str) -> None:
    change = replace(CHANGE, type=event_type, due_time=due_time, actor_id="", actor_name="")
    assert (title_of(change, "ada"), body_of(change)) == (title, body)


def test_who_is_not_named_is_somebody() -> None:
    assert title_of(replace(CHANGE, actor_name=""), "ada") == "Somebody changed ‘Ship it’"


@pytest.mark.parametrize(
    ("fields", "body"),
    [([], ""), (["status"], "Changed: status"), (["due_time", "assignee_id"], "Changed: due time, assignee")],
)
def test_a_body_says_what_changed(fields: list[str], body: str) -> None:
    assert body_of(replace(CHANGE, changed_fields=fields)) == body


def test_the_body_of_a_comment_is_how_it_begins() -> None:
    assert body_of(replace(CHANGE, type="task.commented", excerpt="Who tells them?")) == "Who tells them?"
