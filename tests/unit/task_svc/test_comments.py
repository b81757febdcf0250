"""What a comment is, how it changes, and what is told of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from task_svc.comments.model import Comment

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
COMMENT = Comment("id", "task", "ada", "Who tells them?", NOON, NOON)


def test_a_change_makes_the_next_version() -> None:
    changed = COMMENT.changed({"body": "Who tells them, and when?"}, at=LATER)
    assert changed == replace(COMMENT, body="Who tells them, and when?", update_time=LATER, version=2)
    assert (COMMENT.etag, changed.etag) == ("1", "2")


@pytest.mark.parametrize("changes", [{}, {"body": "Who tells them?"}])
def test_what_does_not_differ_is_no_change(changes: dict[str, str]) -> None:
    assert COMMENT.changed(changes, at=LATER) is COMMENT


@pytest.mark.parametrize(
    ("body", "excerpt"),
    [
        ("Who tells them?", "Who tells them?"),
        ("Who\n\n  tells\tthem? \n", "Who tells them?"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        (" \n ", ""),
    ],
)
def test_an_excerpt_is_one_short_line(body: str, excerpt: str) -> None:
    assert replace(COMMENT, body=body).excerpt == excerpt
