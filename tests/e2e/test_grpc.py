"""A stranger with a gRPC client at a service's own port."""

from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub

from tests.platform import Platform


async def test_reflection_lists_the_services(platform: Platform) -> None:
    async with platform.channel("task_svc") as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in stub.ServerReflectionInfo(iter([asked]), timeout=10):
            names = {service.name for service in answer.list_services_response.service}
            break
    assert {"unified.task.v1.TaskService", "grpc.health.v1.Health"} <= names


async def test_without_a_token_a_call_is_refused_with_its_reason(platform: Platform) -> None:
    async with platform.channel("task_svc") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await TaskServiceStub(channel).ListTasks(pb.ListTasksRequest(), timeout=10)
    assert raised.value.code() == grpc.StatusCode.UNAUTHENTICATED
    status = Status.FromString(dict(raised.value.trailing_metadata() or ())["grpc-status-details-bin"])
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("UNAUTHENTICATED", "unified")
