"""Files, at the task service of the tests."""

import grpc
import pytest
from unified.task.v1.transfer_service_pb2_grpc import TransferServiceStub

from tests.integration.task_svc.transfer.files import Files


@pytest.fixture
def files(channel: grpc.aio.Channel) -> Files:
    return Files(TransferServiceStub(channel))
