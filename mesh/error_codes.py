"""The one table from an error's reason to gRPC and HTTP, read from the contract (`unified.error.v1.Reason`)."""

from dataclasses import dataclass

import grpc
from unified.api.v1 import options_pb2
from unified.error.v1 import reason_pb2
from unified.error.v1.reason_pb2 import Reason

PREFIX = "REASON_"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """How a reason is answered: `name` on gRPC, `code` in a REST problem."""

    reason: Reason.ValueType
    name: str
    code: str
    grpc_code: grpc.StatusCode
    http_status: int
    title: str


def _read_rules() -> dict[Reason.ValueType, ErrorRule]:
    codes = {code.value[0]: code for code in grpc.StatusCode}
    rules = {}
    for value in reason_pb2.DESCRIPTOR.enum_types_by_name["Reason"].values:
        if value.number == reason_pb2.REASON_UNSPECIFIED:
            continue
        info = value.GetOptions().Extensions[options_pb2.error]
        name = value.name.removeprefix(PREFIX)
        reason = Reason.ValueType(value.number)
        rules[reason] = ErrorRule(reason, name, name.lower(), codes[info.grpc_code], info.http_status, info.title)
    return rules


RULES = _read_rules()
RULES_BY_NAME = {rule.name: rule for rule in RULES.values()}

# What an answer means that carries no reason of ours: it comes from the transport, so a RESOURCE_EXHAUSTED is a message
# that is too large (never a quota), a PERMISSION_DENIED is something between the processes that is set up wrong (never what
# a user may not do), UNIMPLEMENTED is a service that is about to be upgraded, and CANCELLED one that gave up the call.
WITHOUT_REASON: dict[grpc.StatusCode, Reason.ValueType] = {
    grpc.StatusCode.UNAVAILABLE: reason_pb2.REASON_UNAVAILABLE,
    grpc.StatusCode.UNIMPLEMENTED: reason_pb2.REASON_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: reason_pb2.REASON_DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED: reason_pb2.REASON_UNAVAILABLE,
    grpc.StatusCode.UNAUTHENTICATED: reason_pb2.REASON_UNAUTHENTICATED,
}
