"""What can go wrong, as exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class UnifiedError(Exception):
    """Every failure of the client is one of these."""


class UnreachableError(UnifiedError):
    """No answer came in time. A write may or may not have taken effect: repeat it with the same idempotency key."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one part of the request: `place` is a JSON pointer into the body, or a parameter's name."""

    place: str
    message: str


class ApiError(UnifiedError):
    """The platform refused the request. `code` is stable and documented at `/docs/errors/CODE`."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float | None = None) -> None:
        self.status, self.code = status, str(problem.get("code", ""))
        self.title, self.detail = str(problem.get("title", "")), str(problem.get("detail", ""))
        self.request_id, self.retry_after_s = str(problem.get("instance", "")), retry_after_s
        errors = problem.get("errors", [])
        self.fields = [FieldProblem(each.get("pointer") or each.get("parameter", ""), each.get("message", "")) for each in errors]
        places = "; ".join(f"{each.place} {each.message}" for each in self.fields)
        super().__init__(": ".join(part for part in (f"{status} {self.code}", self.detail or self.title, places) if part))
