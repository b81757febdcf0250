"""Who gets through to a server that asks for certificates, and which server a client takes for the right one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from unified.api.v1.status_service_pb2 import GetStatusRequest
from unified.api.v1.status_service_pb2_grpc import StatusServiceStub
from unified.error.v1 import reason_pb2
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from dev.authority import Authority, issue_all, make_certificates, write
from dev.ports import free_port
from mesh.certificates import Certificates
from mesh.channel import open_channel
from mesh.health import HealthWatch, serving_health
from mesh.mutual_tls import channel_credentials
from tests.callers import reaching
from tests.integration.mesh.serving import LOGIN, SERVING, Scripted, server
from tests.platform import files_of
from tests.refusals import refused

TIMEOUT_S = 10.0
NAMED = [("grpc.ssl_target_name_override", "user-svc")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of the mesh's processes."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def health_port() -> int:
    return free_port()


@pytest.fixture
async def port(folder: Path, health_port: int) -> AsyncIterator[int]:
    """Of a user service that asks for certificates."""
    health = HealthWatch({}, needed=frozenset())
    certificates = files_of(folder, "user_svc")
    async with telling(health_port, health), server(Scripted(), certificates=certificates, health=health) as port:
        yield port


def telling(port: int, health: HealthWatch) -> AbstractAsyncContextManager[None]:
    return serving_health("127.0.0.1", port, health)


def channel(folder: Path, port: int, caller: str) -> AbstractAsyncContextManager[grpc.aio.Channel]:
    return reaching(port, "user_svc", certificates=files_of(folder, caller), healthy_only=False)


async def login(channel: grpc.aio.Channel) -> None:
    await UserServiceStub(channel).Login(LOGIN, timeout=TIMEOUT_S)


@pytest.mark.parametrize("caller", ["gateway", "nginx", "client"])
async def test_those_whom_the_contract_names_are_served(folder: Path, port: int, caller: str) -> None:
    async with channel(folder, port, caller) as way:
        await login(way)


@pytest.mark.parametrize("caller", ["task_svc", "notify_svc"])
async def test_a_process_that_it_does_not_name_is_refused_with_the_reason(folder: Path, port: int, caller: str) -> None:
    async with channel(folder, port, caller) as way:
        with refused(reason_pb2.REASON_PERMISSION_DENIED):
            await login(way)


async def test_what_is_for_the_gateway_alone_a_client_does_not_get(folder: Path, port: int) -> None:
    async with channel(folder, port, "gateway") as gateway, channel(folder, port, "client") as client:
        assert (await StatusServiceStub(gateway).GetStatus(GetStatusRequest(), timeout=TIMEOUT_S)).ready
        with refused(reason_pb2.REASON_PERMISSION_DENIED):
            await StatusServiceStub(client).GetStatus(GetStatusRequest(), timeout=TIMEOUT_S)


async def test_who_may_call_nothing_hears_nothing_of_the_server_either(folder: Path, port: int) -> None:
    for caller, known in (("client", True), ("notify_svc", False)):
        async with channel(folder, port, caller) as way:
            health: Any = health_pb2_grpc.HealthStub(way)
            described: Any = reflection_pb2_grpc.ServerReflectionStub(way)  # type: ignore[arg-type]
            asked = health_pb2.HealthCheckRequest()
            watching = health.Watch(asked, timeout=TIMEOUT_S)
            listing = described.ServerReflectionInfo(
                iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=TIMEOUT_S
            )
            if known:
                assert (await health.Check(asked, timeout=TIMEOUT_S)).status == SERVING
                assert (await watching.read()).status == SERVING
                watching.cancel()
                assert len((await listing.read()).list_services_response.service) == 4
                continue
            for answer in (health.Check(asked, timeout=TIMEOUT_S), watching.read(), listing.read()):
                with refused(reason_pb2.REASON_PERMISSION_DENIED):
                    await answer


async def test_without_tls_nobody_gets_through(port: int) -> None:
    async with open_channel(f"127.0.0.1:{port}", healthy_only=False) as way:
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await login(way)


async def test_without_a_certificate_nobody_gets_through(folder: Path, port: int) -> None:
    credentials = grpc.ssl_channel_credentials((folder / "ca.pem").read_bytes())
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=NAMED) as way:
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await login(way)


async def test_a_certificate_of_another_ca_is_worth_nothing(folder: Path, port: int, tmp_path: Path) -> None:
    issue_all(Authority(), tmp_path, ["gateway"])
    # It takes the server for the right one; the server does not take it.
    write(tmp_path / "ca.pem", (folder / "ca.pem").read_bytes())
    found = files_of(tmp_path, "gateway")
    shown = Certificates(found.certificate.read_bytes(), found.key.read_bytes(), found.ca.read_bytes())
    credentials = channel_credentials(shown)
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=NAMED) as way:
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await login(way)


async def test_a_caller_does_not_take_another_service_for_the_one_it_calls(folder: Path, port: int) -> None:
    certificates = files_of(folder, "gateway")
    async with open_channel(f"127.0.0.1:{port}", "task_svc", certificates=certificates, healthy_only=False) as way:
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await login(way)


async def test_probes_hear_of_health_on_a_port_that_serves_nothing_else(port: int, health_port: int) -> None:
    async with reaching(health_port, healthy_only=False) as way:
        health: Any = health_pb2_grpc.HealthStub(way)
        for part in ("", "live"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=part), timeout=TIMEOUT_S)
            assert answer.status == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await login(way)
    assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_a_health_port_that_is_taken_stops_the_start(port: int, health_port: int) -> None:
    with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{health_port}"):
        async with telling(health_port, HealthWatch({}, needed=frozenset())):
            pass
