"""Errors on their way through a real gRPC server and back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from unified.error.v1 import reason_pb2
from unified.error.v1.reason_pb2 import Reason

from mesh.error_codes import RULES
from mesh.errors import DETAILS_KEY, MAX_FIELD_ERRORS, FieldError, ServiceError, from_rpc_error, to_status
from tests.callers import reaching

Context = grpc.aio.ServicerContext[bytes, bytes]
Handler = Callable[[bytes, Context], Awaitable[bytes]]
Call = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
METHOD = "/tests.Errors/Raise"


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[Call]:
    server = grpc.aio.server()
    handlers: Any = {"Raise": grpc.unary_unary_rpc_method_handler(handler)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tests.Errors", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with reaching(port, healthy_only=False) as channel:
            yield channel.unary_unary(METHOD)
    finally:
        await server.stop(0)


async def received(code: grpc.StatusCode, message: str, details: bytes | None = None) -> ServiceError:
    """What a client makes of a call that was aborted like this."""

    async def abort(_: bytes, context: Context) -> bytes:
        await context.abort(code, message, ((DETAILS_KEY, details),) if details is not None else ())
        raise AssertionError

    async with served(abort) as call:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(b"", timeout=10)
    return from_rpc_error(raised.value)


async def over_the_wire(error: ServiceError) -> ServiceError:
    return await received(error.info.grpc_code, error.message, to_status(error).SerializeToString())


def parts(error: ServiceError) -> tuple[object, ...]:
    return Reason.Name(error.reason), error.message, error.fields, error.retry_after_s


@pytest.mark.parametrize("reason", [value for value in Reason.values() if value], ids=Reason.Name)
async def test_every_reason_arrives_with_all_it_carries(reason: Reason.ValueType) -> None:
    fields = [FieldError("task.labels[3]", "must not be \N{SNOWMAN}"), FieldError("id", "is required")]
    error = ServiceError(reason, "na\u00efve \N{SNOWMAN} message", fields=fields, retry_after_s=1.25)
    assert parts(await over_the_wire(error)) == parts(error)


@pytest.mark.parametrize("reason", [value for value in Reason.values() if value], ids=Reason.Name)
def test_every_reason_has_its_answer(reason: Reason.ValueType) -> None:
    rule = RULES[reason]
    assert rule.code == rule.name.lower()
    assert rule.grpc_code != grpc.StatusCode.OK
    assert 400 <= rule.http_status < 600
    assert rule.title


async def test_a_plain_error_stays_plain() -> None:
    error = ServiceError(reason_pb2.REASON_TASK_NOT_FOUND, "there is no such task")
    assert parts(await over_the_wire(error)) == ("REASON_TASK_NOT_FOUND", "there is no such task", (), None)


async def test_as_many_field_errors_travel_as_trailers_hold() -> None:
    fields = [FieldError(f"operations[{number}].create.title", "\N{SNOWMAN}" * 80) for number in range(40)]
    arrived = await over_the_wire(ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=fields))
    assert list(arrived.fields) == fields[:MAX_FIELD_ERRORS]


def packed(info: ErrorInfo) -> bytes:
    detail = AnyMessage()
    detail.Pack(info)
    return bytes(Status(code=8, message="of the inside", details=[detail]).SerializeToString())


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.UNAVAILABLE, "REASON_UNAVAILABLE"),
        (grpc.StatusCode.UNIMPLEMENTED, "REASON_UNAVAILABLE"),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "REASON_DEADLINE_EXCEEDED"),
        (grpc.StatusCode.CANCELLED, "REASON_UNAVAILABLE"),
        (grpc.StatusCode.UNAUTHENTICATED, "REASON_UNAUTHENTICATED"),
        (grpc.StatusCode.PERMISSION_DENIED, "REASON_INTERNAL"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "REASON_INTERNAL"),
        (grpc.StatusCode.UNKNOWN, "REASON_INTERNAL"),
        (grpc.StatusCode.NOT_FOUND, "REASON_INTERNAL"),
    ],
)
@pytest.mark.parametrize(
    "details",
    [
        None,
        b"\xff not a status",
        packed(ErrorInfo(reason="RATE_LIMITED", domain="somebody else")),
        packed(ErrorInfo(reason="OF_A_LATER_VERSION", domain="unified")),
    ],
    ids=["nothing", "nonsense", "another domain's", "unknown"],
)
async def test_without_a_reason_of_ours_the_code_speaks(code: grpc.StatusCode, reason: str, details: bytes | None) -> None:
    error = await received(code, "of the inside", details)
    assert Reason.Name(error.reason) == reason
    assert "inside" not in error.message


async def test_a_server_that_is_away_is_unavailable() -> None:
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        call: Call = channel.unary_unary(METHOD)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(b"", timeout=10)
    error = from_rpc_error(raised.value)
    assert Reason.Name(error.reason) == "REASON_UNAVAILABLE"
    assert error.retry_after_s
