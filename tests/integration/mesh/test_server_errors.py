"""What callers learn of failures on a real server: all that the contract foresees, and nothing of the inside."""

import logging

import grpc
import pymongo.errors
import pytest
from unified.error.v1 import reason_pb2
from unified.error.v1.reason_pb2 import Reason

from mesh.errors import ServiceError
from tests.integration.mesh.serving import REGISTRATION, Scripted, stub_of
from tests.refusals import refused

TIMEOUT_S = 10.0


def raising(error: BaseException) -> Scripted:
    async def act() -> None:
        raise error

    return Scripted(act)


INSIDE = "mongodb://root:hunter2@10.0.0.7"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(INSIDE),
        KeyError(INSIDE),
        AssertionError(INSIDE),
        RecursionError(INSIDE),
        ExceptionGroup(INSIDE, [ValueError(INSIDE)]),
        pymongo.errors.OperationFailure(INSIDE, 18),
        pymongo.errors.DuplicateKeyError(INSIDE, 11000),
        grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), INSIDE, INSIDE),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_bug_is_logged_whole_and_answered_without_its_text(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async with stub_of(raising(error)) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.Register(REGISTRATION, timeout=TIMEOUT_S)
    answer = raised.value
    seen = f"{answer.debug_error_string()} {answer.initial_metadata()} {answer.trailing_metadata()}"
    assert answer.code() == grpc.StatusCode.INTERNAL
    assert answer.details() == "internal error"
    assert "hunter2" not in seen
    assert type(error).__name__ not in seen
    assert "hunter2" in caplog.text
    assert "call failed unexpectedly" in caplog.text


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (pymongo.errors.ServerSelectionTimeoutError(INSIDE), reason_pb2.REASON_UNAVAILABLE),
        (pymongo.errors.AutoReconnect(INSIDE), reason_pb2.REASON_UNAVAILABLE),
        (pymongo.errors.NotPrimaryError(INSIDE), reason_pb2.REASON_UNAVAILABLE),
        (pymongo.errors.NetworkTimeout(INSIDE), reason_pb2.REASON_DEADLINE_EXCEEDED),
        (pymongo.errors.ExecutionTimeout(INSIDE), reason_pb2.REASON_DEADLINE_EXCEEDED),
        (pymongo.errors.WTimeoutError(INSIDE), reason_pb2.REASON_DEADLINE_EXCEEDED),
        (TimeoutError(INSIDE), reason_pb2.REASON_DEADLINE_EXCEEDED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_a_database_that_is_away_is_not_a_bug(error: Exception, reason: Reason.ValueType) -> None:
    async with stub_of(raising(error)) as stub:
        with refused(reason) as refusal:
            await stub.Register(REGISTRATION, timeout=TIMEOUT_S)
    assert INSIDE not in refusal.errors[0].message


async def test_an_expected_failure_arrives_as_it_was_raised(caplog: pytest.LogCaptureFixture) -> None:
    error = ServiceError(reason_pb2.REASON_OVERLOADED, "too much \N{SNOWMAN}", retry_after_s=2)
    async with stub_of(raising(error)) as stub:
        with refused(reason_pb2.REASON_OVERLOADED) as refusal:
            await stub.Register(REGISTRATION, timeout=TIMEOUT_S)
    assert (refusal.errors[0].message, refusal.errors[0].retry_after_s) == (error.message, 2)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
