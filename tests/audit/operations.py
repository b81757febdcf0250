"""What clients attempted and what they know of it, written down before it is sent: the audit's only source of truth."""

import json
import math
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any


class Kind(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    COMMENT = "comment"


class Outcome(StrEnum):
    """What the client was told: done, not done, or nothing it could rely on."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Operation:
    """One write that somebody wants. Its title (of a comment: its text) is its own, so that its effect can be told from all
    others. A create or a change may also set the assignee ("" for nobody) and the due time, in whole Unix seconds."""

    number: int
    kind: Kind
    user_id: str
    title: str
    # Of a create only once it is acknowledged.
    task_id: str | None
    key: str | None
    sent_at: float
    outcome: Outcome = Outcome.UNKNOWN
    # The task's version after it, where the answer said so.
    version: int | None = None
    answered_at: float = math.inf
    tries: int = 0
    replayed: bool = False
    assignee_id: str | None = None
    due_at: int | None = None


class Journal:
    """Appends to a file; each line is with the system before the request leaves, and survives whoever dies."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("a", buffering=1)

    def intend(self, operation: Operation) -> None:
        self._append(asdict(operation))

    def conclude(self, operation: Operation) -> None:
        """The last word on it; without one its outcome is unknown."""
        told = ("number", "task_id", "outcome", "version", "answered_at", "tries", "replayed")
        self._append({name: getattr(operation, name) for name in told})

    def close(self) -> None:
        self._file.close()

    def _append(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry) + "\n")


def read_journal(file: Path) -> list[Operation]:
    """All operations, as far as they were concluded."""
    operations: dict[int, Operation] = {}
    for entry in map(json.loads, file.read_text().splitlines()):
        number, entry["outcome"] = entry["number"], Outcome(entry["outcome"])
        if number in operations:
            operations[number] = replace(operations[number], **entry)
        else:
            operations[number] = Operation(**{**entry, "kind": Kind(entry["kind"])})
    return list(operations.values())
