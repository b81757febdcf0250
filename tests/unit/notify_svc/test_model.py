"""What an event tells its recipients."""

from dataclasses import replace

import pytest

from notify_svc.model import TITLES, TaskChange, body_of, title_of

CHANGE = TaskChange("event", "task.updated", "task", "Ship it", actor_id="bob", owner_id="ada")


@pytest.mark.parametrize(
    ("event_type", "title"),
    [
        ("task.created", "Task created: Ship it"),
        ("task.updated", "Task updated: Ship it"),
        ("task.deleted", "Task deleted: Ship it"),
        ("task.restored", "Task restored: Ship it"),
    ],
)
def test_a_title_says_what_happened_to_which_task(event_type: str, title: str) -> None:
    assert title_of(replace(CHANGE, type=event_type)) == title


def test_every_type_has_a_title() -> None:
    assert set(TITLES) == {"task.created", "task.updated", "task.deleted", "task.restored"}


@pytest.mark.parametrize(
    ("fields", "body"),
    [([], ""), (["status"], "Changed: status"), (["due_time", "title"], "Changed: due time, title")],
)
def test_a_body_says_what_changed(fields: list[str], body: str) -> None:
    assert body_of(replace(CHANGE, changed_fields=fields)) == body


@pytest.mark.parametrize("actor_id", ["ada", "bob"])
def test_the_owner_is_told_whoever_did_it(actor_id: str) -> None:
    assert replace(CHANGE, actor_id=actor_id).recipients() == ["ada"]
