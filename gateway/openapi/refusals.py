"""Why a binding may be refused: what follows from its shape, and what its method says of itself (`unified.error.v1.refuses`)."""

from collections.abc import Iterator

from unified.error.v1 import refusals_pb2
from unified.error.v1.reason_pb2 import (
    REASON_BODY_TOO_LARGE,
    REASON_DEADLINE_EXCEEDED,
    REASON_ETAG_MISMATCH,
    REASON_IDEMPOTENCY_IN_PROGRESS,
    REASON_IDEMPOTENCY_KEY_REUSED,
    REASON_INTERNAL,
    REASON_INVALID_ARGUMENT,
    REASON_OVERLOADED,
    REASON_RATE_LIMITED,
    REASON_ROUTE_NOT_FOUND,
    REASON_TOO_MANY_STREAMS,
    REASON_UNAUTHENTICATED,
    REASON_UNAVAILABLE,
    REASON_UNSUPPORTED_MEDIA_TYPE,
    Reason,
)

from gateway.bindings import Binding
from gateway.contract import ContractError
from gateway.transcoding.requests import ETAG
from mesh.error_codes import PREFIX, RULES, ErrorRule

_ALWAYS = (
    REASON_INVALID_ARGUMENT,
    REASON_RATE_LIMITED,
    REASON_INTERNAL,
    REASON_UNAVAILABLE,
    REASON_OVERLOADED,
    REASON_DEADLINE_EXCEEDED,
)


def refusals(binding: Binding) -> list[ErrorRule]:
    """In the order of the catalogue. Raises ContractError where the method says what is no reason, or follows anyway."""
    reasons = {*_ALWAYS, *_of_shape(binding)}
    for reason in binding.method.GetOptions().Extensions[refusals_pb2.refuses]:
        if reason not in RULES:
            raise ContractError(f"{binding.name} refuses with {reason}, which is no reason")
        if reason in reasons:
            raise ContractError(f"{binding.name} says twice, or after its other options, that it refuses with {_name(reason)}")
        reasons.add(reason)
    return [rule for reason, rule in RULES.items() if reason in reasons]


def _of_shape(binding: Binding) -> Iterator[Reason.ValueType]:
    if binding.needs_caller:
        yield REASON_UNAUTHENTICATED
    if binding.template.variables:
        # A variable that is empty, or no text, leads nowhere.
        yield REASON_ROUTE_NOT_FOUND
    if binding.body:
        yield from (REASON_BODY_TOO_LARGE, REASON_UNSUPPORTED_MEDIA_TYPE)
    if ETAG in binding.method.input_type.fields_by_name:
        yield REASON_ETAG_MISMATCH
    if binding.accepts_idempotency_key:
        yield from (REASON_IDEMPOTENCY_IN_PROGRESS, REASON_IDEMPOTENCY_KEY_REUSED)
    if binding.is_stream:
        yield REASON_TOO_MANY_STREAMS


def _name(reason: Reason.ValueType) -> str:
    return f"{PREFIX}{RULES[reason].name}"
