"""The one type of expected failure, and its way over gRPC and back."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from unified.error.v1 import reason_pb2
from unified.error.v1.reason_pb2 import Reason

from mesh.error_codes import RULES, RULES_BY_NAME, WITHOUT_REASON, ErrorRule

DOMAIN = "unified"
DETAILS_KEY = "grpc-status-details-bin"
# Details travel in trailers, which are small.
MAX_FIELD_ERRORS = 20


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request; `field` is its path in proto names, as in "task.title"."""

    field: str
    message: str


class ServiceError(Exception):
    """A failure that the contract foresees. `message` is shown to the client; nothing of the inside belongs in it."""

    def __init__(
        self,
        reason: Reason.ValueType,
        message: str,
        *,
        fields: Sequence[FieldError] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.fields = tuple(fields[:MAX_FIELD_ERRORS])
        self.retry_after_s = retry_after_s

    @property
    def info(self) -> ErrorRule:
        """How the contract wants the reason answered."""
        return RULES[self.reason]


def internal_error() -> ServiceError:
    """The answer to a bug: it says nothing of the inside."""
    return ServiceError(reason_pb2.REASON_INTERNAL, "internal error")


def unavailable(what: str) -> ServiceError:
    """Something the request needs is away for now."""
    return ServiceError(reason_pb2.REASON_UNAVAILABLE, f"{what} is not available", retry_after_s=1)


def deadline_exceeded() -> ServiceError:
    """The caller's time is up."""
    return ServiceError(reason_pb2.REASON_DEADLINE_EXCEEDED, "the request could not be finished in time")


def to_status(error: ServiceError) -> Status:
    """The `google.rpc.Status` that carries the error, with its reason, field errors and retry delay as details."""
    status = Status(code=error.info.grpc_code.value[0], message=error.message)
    details: list[ErrorInfo | BadRequest | RetryInfo] = [ErrorInfo(reason=error.info.name, domain=DOMAIN)]
    if error.fields:
        violations = [BadRequest.FieldViolation(field=f.field, description=f.message) for f in error.fields]
        details.append(BadRequest(field_violations=violations))
    if error.retry_after_s is not None:
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(int(error.retry_after_s * 1000))
        details.append(retry)
    for detail in details:
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def from_rpc_error(error: grpc.aio.AioRpcError) -> ServiceError:
    """The ServiceError that the other side raised, or what the transport's own failure means."""
    status = _status_of(error)
    info, violations, retry = ErrorInfo(), BadRequest(), RetryInfo()
    retry_after_s = None
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(violations)
        if detail.Unpack(retry):
            retry_after_s = retry.retry_delay.ToMilliseconds() / 1000
    rule = RULES_BY_NAME.get(info.reason) if info.domain == DOMAIN else None
    if rule is None:
        return _without_reason(error.code())
    fields = [FieldError(violation.field, violation.description) for violation in violations.field_violations]
    return ServiceError(rule.reason, status.message, fields=fields, retry_after_s=retry_after_s)


def has_reason(error: grpc.aio.AioRpcError) -> bool:
    """Whether the service itself said this, and not the transport for want of an answer."""
    info = ErrorInfo()
    return any(detail.Unpack(info) and info.domain == DOMAIN for detail in _status_of(error).details)


def _status_of(error: grpc.aio.AioRpcError) -> Status:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                break
    return Status()


def _without_reason(code: grpc.StatusCode) -> ServiceError:
    reason = WITHOUT_REASON.get(code, reason_pb2.REASON_INTERNAL)
    if reason == reason_pb2.REASON_UNAVAILABLE:
        return unavailable("the service")
    if reason == reason_pb2.REASON_DEADLINE_EXCEEDED:
        return deadline_exceeded()
    return ServiceError(reason, RULES[reason].title.lower())
