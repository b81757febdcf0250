"""Who is told of an event, and what they do with what they are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from notify_svc.model import Notification, Preferences, State, TaskChange

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
CHANGE = TaskChange(
    "event", "task.updated", NOON, "task", "Ship it", task_status="in_progress", actor_id="bob", actor_name="Bob", owner_id="ada"
)
NEW = Notification("id", "ada", "event", "task.updated", "title", "body", "task", "bob", NOON)
SEEN, READ = NEW.seen(NOON), NEW.read(NOON)


@pytest.mark.parametrize("actor_id", ["ada", "bob"])
@pytest.mark.parametrize(
    ("assignee_id", "previous_id", "told"),
    [("", "", ["ada"]), ("bob", "", ["ada", "bob"]), ("bob", "eve", ["ada", "bob", "eve"]), ("ada", "eve", ["ada", "eve"])],
)
def test_owner_and_assignees_are_told_once_each_whoever_did_it(
    actor_id: str, assignee_id: str, previous_id: str, told: list[str]
) -> None:
    change = replace(CHANGE, actor_id=actor_id, assignee_id=assignee_id, previous_assignee_id=previous_id)
    assert change.recipients() == told


@pytest.mark.parametrize(
    ("before", "mark", "after", "state", "unseen"),
    [
        (NEW, Notification.seen, {"seen_time": LATER}, State.UNREAD, False),
        (NEW, Notification.read, {"seen_time": LATER, "read_time": LATER}, State.READ, False),
        (NEW, Notification.unread, {}, State.UNREAD, True),
        (NEW, Notification.archived, {"archive_time": LATER}, State.ARCHIVED, False),
        (NEW, Notification.unarchived, {}, State.UNREAD, True),
        (NEW, Notification.deleted, {"title": "", "body": "", "kept_out": State.DELETED}, State.DELETED, False),
        (SEEN, Notification.read, {"read_time": LATER}, State.READ, False),
        (READ, Notification.unread, {"read_time": None}, State.UNREAD, False),
        (READ, Notification.archived, {"archive_time": LATER}, State.ARCHIVED, False),
        (NEW.archived(NOON), Notification.read, {"seen_time": LATER, "read_time": LATER}, State.ARCHIVED, False),
        (NEW.archived(NOON), Notification.unarchived, {"archive_time": None}, State.UNREAD, True),
        (READ.archived(NOON), Notification.unread, {"read_time": None}, State.ARCHIVED, False),
        (READ.archived(NOON), Notification.unarchived, {"archive_time": None}, State.READ, False),
        (READ.archived(NOON), Notification.deleted, {"title": "", "body": "", "kept_out": State.DELETED}, State.DELETED, False),
    ],
)
def test_a_mark_changes_what_it_says_and_nothing_the_second_time(
    before: Notification,
    mark: Callable[[Notification, datetime], Notification],
    after: dict[str, object],
    state: State,
    unseen: bool,
) -> None:
    marked = mark(before, LATER)
    assert marked == replace(before, **after)  # type: ignore[arg-type]
    assert (marked.state, marked.is_unseen) == (state, unseen)
    assert mark(marked, LATER + timedelta(hours=1)) == marked


@pytest.mark.parametrize(
    ("preferences", "recipient_id", "why"),
    [
        (Preferences(), "ada", None),
        (Preferences(), "bob", None),
        (Preferences(frozenset({"task.created"})), "ada", None),
        (Preferences(frozenset({"task.updated"})), "ada", State.TYPE_OFF),
        (Preferences(own_actions=False), "ada", None),
        (Preferences(own_actions=False), "bob", State.OWN_ACTION),
        (Preferences(frozenset({"task.updated"}), own_actions=False), "bob", State.TYPE_OFF),
    ],
)
def test_who_does_not_want_to_hear_of_it(preferences: Preferences, recipient_id: str, why: State | None) -> None:
    assert preferences.keep_out(CHANGE, recipient_id) == why
