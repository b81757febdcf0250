"""A server's life: how it starts, tells its health, and describes itself."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from unified.api.v1 import status_service_pb2
from unified.api.v1.status_service_pb2_grpc import StatusServiceStub
from unified.error.v1 import reason_pb2
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from mesh.channel import open_channel
from mesh.health import HealthWatch
from mesh.server import Service, serving
from mesh.tokens import TokenKeys, TokenVerifier
from tests.callers import reaching
from tests.integration.mesh.serving import LOGIN, NOT_SERVING, SECRET, SERVING, seen, server
from tests.refusals import refused
from tests.waiting import until

TIMEOUT_S = 10.0


class Part:
    """Something a process needs, which can be taken away."""

    def __init__(self) -> None:
        self.well = True

    async def probe(self) -> dict[str, float]:
        if not self.well:
            raise OSError("away")
        return {"pending": 7}


@pytest.fixture
def parts() -> dict[str, Part]:
    return {"needed": Part(), "optional": Part()}


@pytest.fixture
def health(parts: dict[str, Part]) -> HealthWatch:
    probes = {name: part.probe for name, part in parts.items()}
    return HealthWatch(probes, needed=frozenset({"needed"}), interval_s=0.01)


@pytest.fixture
async def port(health: HealthWatch) -> AsyncIterator[int]:
    async with server(health=health) as port:
        yield port


@pytest.fixture
async def channel(port: int) -> AsyncIterator[grpc.aio.Channel]:
    async with reaching(port, healthy_only=False) as channel:
        yield channel


async def test_health_follows_what_is_needed(channel: grpc.aio.Channel, parts: dict[str, Part]) -> None:
    for name in ("", "needed", "optional"):
        await seen(channel, name, until=SERVING)
    parts["needed"].well = False
    for name in ("", "needed"):
        await seen(channel, name, until=NOT_SERVING)
    for name in ("live", "optional"):
        await seen(channel, name, until=SERVING)
    parts["needed"].well = True
    for name in ("", "needed"):
        await seen(channel, name, until=SERVING)


async def test_what_is_not_needed_does_not_stop_the_rest(channel: grpc.aio.Channel, parts: dict[str, Part]) -> None:
    parts["optional"].well = False
    await seen(channel, "optional", until=NOT_SERVING)
    await seen(channel, "", until=SERVING)


async def test_a_channel_sends_nothing_to_whom_is_not_ready(port: int, health: HealthWatch, parts: dict[str, Part]) -> None:
    parts["needed"].well = False
    await until(lambda: not health.ready)
    async with open_channel(f"127.0.0.1:{port}") as channel:
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await UserServiceStub(channel).Login(LOGIN, timeout=TIMEOUT_S)
        parts["needed"].well = True
        await UserServiceStub(channel).Login(LOGIN, timeout=TIMEOUT_S, wait_for_ready=True)


async def test_the_status_says_more(channel: grpc.aio.Channel, health: HealthWatch, parts: dict[str, Part]) -> None:
    parts["optional"].well = False
    await until(lambda: not health.status().parts[1].well)
    status = await StatusServiceStub(channel).GetStatus(status_service_pb2.GetStatusRequest(), timeout=TIMEOUT_S)
    assert status.ready
    assert [(part.name, part.well) for part in status.parts] == [("needed", True), ("optional", False)]
    assert [(figure.name, figure.value) for figure in status.parts[0].figures] == [("pending", 7)]


async def test_a_stranger_can_list_and_read_the_contract(channel: grpc.aio.Channel) -> None:
    request = reflection_pb2.ServerReflectionRequest
    questions = [request(list_services=""), request(file_containing_symbol="unified.user.v1.UserService")]
    stub: Any = reflection_pb2_grpc.ServerReflectionStub
    answers = stub(channel).ServerReflectionInfo(iter(questions), timeout=TIMEOUT_S)
    listed, described = [answer async for answer in answers]
    assert {service.name for service in listed.list_services_response.service} == {
        "unified.user.v1.UserService",
        "unified.api.v1.StatusService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    files = [FileDescriptorProto.FromString(file) for file in described.file_descriptor_response.file_descriptor_proto]
    assert "unified/user/v1/user_service.proto" in [file.name for file in files]


async def test_a_taken_port_is_said_to_be_taken(port: int) -> None:
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: is the port taken"):
        async with server(address=f"127.0.0.1:{port}"):
            pass


@pytest.mark.parametrize(
    ("foreign", "complaint"),
    [
        (
            ("Health", health_pb2, health_pb2_grpc),
            "/grpc.health.v1.Health/Check has no access option",
        ),
        (
            ("ServerReflection", reflection_pb2, reflection_pb2_grpc),
            "streams, which the server does not support",
        ),
    ],
    ids=["no access option", "a stream"],
)
async def test_a_method_outside_the_contract_stops_the_start(
    foreign: tuple[str, Any, Any], complaint: str, health: HealthWatch
) -> None:
    name, messages, grpc_code = foreign
    servicer, add_to_server = (getattr(grpc_code, form.format(name)) for form in ("{}Servicer", "add_{}Servicer_to_server"))
    service = Service(messages.DESCRIPTOR.services_by_name[name], servicer(), add_to_server)
    verifier = TokenVerifier(TokenKeys(secret=SECRET), issuer="", audience="")
    with pytest.raises(ValueError, match=complaint):
        async with serving("127.0.0.1:0", [service], verifier=verifier, health=health, drain_s=0, connection_age_s=60):
            pass
