"""Failures as REST answers them."""

from collections.abc import Mapping, Sequence
from typing import Any

from unified.error.v1.reason_pb2 import Reason

from mesh.errors import ServiceError


class RestError(ServiceError):
    """A failure with what only REST shows: `errors`, each a pointer or parameter and a message, headers, and `members` that the
    problem document has besides those of every problem."""

    def __init__(
        self,
        reason: Reason.ValueType,
        message: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(reason, message, retry_after_s=retry_after_s)
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})
