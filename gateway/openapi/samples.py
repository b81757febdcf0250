"""A problem for each code, as the edge would answer it."""

from typing import Any

from unified.error.v1.reason_pb2 import REASON_INVALID_ARGUMENT, REASON_RATE_LIMITED

from gateway.errors import RestError
from gateway.problems import problem_document
from gateway.timeouts import HEADER
from mesh.error_codes import ErrorRule

REQUEST_ID = "2dda4f40f6e142aabc79b07d0c867532"


def problem_sample(rule: ErrorRule) -> dict[str, Any]:
    """The problem document of a failure that has the code."""
    error = RestError(rule.reason, rule.title)
    if rule.reason == REASON_INVALID_ARGUMENT:
        error.errors = [{"parameter": HEADER, "message": "must be sent once"}]
    if rule.reason == REASON_RATE_LIMITED:
        error.members = {"bucket": "default"}
    return problem_document(error) | {"instance": REQUEST_ID}
