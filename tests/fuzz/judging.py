"""What every answer of the edge must be, whatever was asked."""

from collections.abc import Mapping

import orjson

from gateway.problems import CONTENT_TYPE
from mesh.error_codes import RULES
from tests.conformance import NonconformityError, conformance

STATUSES = {rule.code: rule.http_status for rule in RULES.values()}


def complaint(method: str, path: str | None, status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What is wrong with the answer, or nothing. `path` may have a query; it is nothing where the document need not know it."""
    if status >= 500:
        return f"answers {status}"
    if "X-Request-Id" not in headers:
        return "has no X-Request-Id"
    if status >= 400 and method != "HEAD" and (wrong := _wrong_problem(status, headers, body)):
        return wrong
    return _nonconformity(method, path, status, headers, body) if path is not None else ""


def _wrong_problem(status: int, headers: Mapping[str, str], body: bytes) -> str:
    if headers.get("Content-Type") != CONTENT_TYPE:
        return f"answers {status} without a problem document"
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "answers a problem document that is not JSON"
    if STATUSES.get(problem["code"]) != status or problem["status"] != status:
        return f"answers the code {problem['code']} with {status}"
    return "" if problem["instance"] == headers["X-Request-Id"] else "answers a problem of another request"


def _nonconformity(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> str:
    try:
        conformance().check(method, path, status, headers, body)
    except NonconformityError as error:
        return f"breaks the document\n{error}"
    return ""
