"""What a comment is, and how it may change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

LONGEST_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a task. `version` counts the comment's states, from 1; times are in UTC, in milliseconds."""

    id: str
    task_id: str
    author_id: str
    body: str
    create_time: datetime
    update_time: datetime
    version: int = 1

    @property
    def etag(self) -> str:
        return str(self.version)

    @property
    def excerpt(self) -> str:
        """How the body begins, in one line."""
        line = " ".join(self.body.split())
        return line if len(line) <= LONGEST_EXCERPT else f"{line[: LONGEST_EXCERPT - 1]}…"

    def changed(self, changes: Mapping[str, Any], at: datetime) -> "Comment":
        """The comment's next version, or this one when nothing differs. `changes` maps names of fields to new values."""
        changed = replace(self, **changes)
        return self if changed == self else replace(changed, update_time=at, version=self.version + 1)
