"""Which of Schemathesis' cases are sent, and how."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

from schemathesis import Case, HookContext
from schemathesis.generation.meta import CoveragePhaseData

from gateway.idempotency import HEADER as KEY_HEADER
from gateway.timeouts import HEADER as TIMEOUT_HEADER

PATIENCE_S = 30
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_TIMEOUT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")

FilterCase: TypeAlias = Callable[[HookContext, Case[Any]], bool]
BeforeCall: TypeAlias = Callable[[HookContext, Case[Any], dict[str, Any]], None]


def refreshing() -> BeforeCall:
    """Changes requests that would all be refused, or answered, for the same reason: every valid idempotency key becomes a new
    one, and every time that is too short becomes enough."""
    numbers = count()

    def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return
        headers = case.headers
        if _KEY.fullmatch(str(headers.get(KEY_HEADER, ""))):
            headers[KEY_HEADER] = f"{headers[KEY_HEADER]}-{next(numbers)}"
        if _TIMEOUT.fullmatch(timeout := str(headers.get(TIMEOUT_HEADER, ""))) and 0 < float(timeout) < PATIENCE_S:
            headers[TIMEOUT_HEADER] = str(PATIENCE_S)

    return before_call


def at_most(of_a_kind: int) -> FilterCase:
    """Keeps so many of the cases of each kind that Schemathesis counts up for an operation, and all that it makes up."""
    kept = Counter[tuple[str, str]]()

    def filter_case(context: HookContext, case: Case[Any]) -> bool:
        data = case.meta.phase.data if case.meta is not None else None
        if not isinstance(data, CoveragePhaseData):
            return True
        kind = case.operation.label, str(data.scenario)
        kept[kind] += 1
        return kept[kind] <= of_a_kind

    return filter_case
