"""How tests say which failure they expect of a gRPC call."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
import pytest
from unified.error.v1.reason_pb2 import Reason

from mesh.errors import ServiceError, from_rpc_error


@dataclass
class Refusal:
    """What the caller saw; filled when the block has ended."""

    errors: list[ServiceError] = field(default_factory=list)

    @property
    def fields(self) -> list[str]:
        return [problem.field for problem in self.errors[0].fields]


@contextmanager
def refused(reason: Reason.ValueType) -> Iterator[Refusal]:
    """The call inside fails, with this reason and the gRPC code that the contract gives it."""
    refusal = Refusal()
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        yield refusal
    error = from_rpc_error(raised.value)
    assert Reason.Name(error.reason) == Reason.Name(reason)
    assert raised.value.code() == error.info.grpc_code
    refusal.errors.append(error)
