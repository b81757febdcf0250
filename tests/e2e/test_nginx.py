"""nginx before the gateways, with the configuration of `infra/nginx`; the other tests here run through it as well."""

import asyncio
import io
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub
from unified.user.v1 import directory_service_pb2
from unified.user.v1.directory_service_pb2_grpc import DirectoryServiceStub
from unified.user.v1.user_service_pb2 import GetProfileRequest, LoginRequest, RegisterRequest
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from gateway.connections import SECURITY_HEADERS
from tests.e2e.conftest import PlatformBehindNginx, behind_nginx, trust
from tests.e2e.rest import Answer, Person, visiting
from tests.nginx import Nginx
from tests.platform import SERVICES, Platform
from tests.servers import Servers
from tests.waiting import PATIENCE_S, eventually, until

# Of each of the clients while a gateway dies.
WRITES = 25


@pytest.fixture
def nginx(platform_behind_nginx: PlatformBehindNginx) -> Nginx:
    return platform_behind_nginx.nginx


async def test_it_speaks_tls_1_3_and_http_2(nginx: Nginx) -> None:
    trust = nginx.trust()
    trust.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await asyncio.open_connection("localhost", nginx.port, ssl=trust)
    connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
    assert (connection.version(), connection.selected_alpn_protocol()) == ("TLSv1.3", "h2")
    writer.close()
    old = nginx.trust()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        await asyncio.open_connection("localhost", nginx.port, ssl=old)


async def test_a_client_of_http_2_is_answered_in_it(nginx: Nginx) -> None:
    asked = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--http2", "--cacert", str(nginx.certificate), "--output", "/dev/null"),
        *("--write-out", "%{http_version} %{http_code}", f"{nginx.url}/health"),
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await asyncio.wait_for(asked.communicate(), PATIENCE_S)
    assert answer == b"2 200"


async def test_requests_are_shared_by_both_gateways(platform_behind_nginx: PlatformBehindNginx) -> None:
    nginx, name = platform_behind_nginx.nginx, f"shared-{secrets.token_hex(6)}"
    async with visiting(nginx.url) as visitor:
        for _ in range(10):
            (await visitor.get("/health", headers={"X-Request-Id": name})).expect(200)

    def gateways() -> list[str]:
        lines = nginx.log_file.read_text().splitlines()
        return [json.loads(line)["gateway"] for line in lines if name in line]

    await until(lambda: len(gateways()) == 10)
    assert {f"http://{gateway}" for gateway in gateways()} == set(platform_behind_nginx.base_urls)


async def test_plain_http_is_sent_to_https(nginx: Nginx) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"http://localhost:{nginx.http_port}/api/tasks?q=a%20b"
        async with session.post(url, json={"title": "Ship it"}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (308, "https://localhost/api/tasks?q=a%20b")
            assert answer.headers.keys() >= {"X-Request-Id", *SECURITY_HEADERS}


async def test_grpc_has_a_host_name_of_its_own(nginx: Nginx) -> None:
    await grpc_is_passed_on(nginx)


async def test_it_calls_services_that_ask_for_certificates_with_its_own(
    platform_over_mutual_tls: Platform, certificates: Path, tmp_path: Path
) -> None:
    async with another_nginx(platform_over_mutual_tls, tmp_path, mesh=certificates) as nginx:
        trust(nginx.certificate)
        await grpc_is_passed_on(nginx)


async def test_an_address_has_as_many_tries_to_sign_in_over_grpc_as_over_rest(
    platform_behind_nginx: PlatformBehindNginx, tmp_path: Path
) -> None:
    async with another_nginx(platform_behind_nginx, tmp_path) as nginx, nginx.channel() as channel:
        users = UserServiceStub(channel)
        for call in (lambda: users.Login(LoginRequest(), timeout=10), lambda: users.Register(RegisterRequest(), timeout=10)):
            codes = [await code_of(call()) for _ in range(22)]
            assert codes == [*[grpc.StatusCode.INVALID_ARGUMENT] * 20, *[grpc.StatusCode.RESOURCE_EXHAUSTED] * 2]
        # Of the 100 for everything the half is left.
        codes = [await code_of(users.GetProfile(GetProfileRequest(), timeout=10)) for _ in range(50)]
        assert set(codes) == {grpc.StatusCode.UNAUTHENTICATED}
        await eventually(
            lambda: code_of(users.GetProfile(GetProfileRequest(), timeout=10)),
            lambda code: code == grpc.StatusCode.RESOURCE_EXHAUSTED,
        )


@asynccontextmanager
async def another_nginx(platform: Platform, directory: Path, *, mesh: Path | None = None) -> AsyncIterator[Nginx]:
    """Before a platform that has one, or none: it has counted nobody yet."""
    services = {service: [platform.target(service).removeprefix("ipv4:")] for service in SERVICES}
    gateways = [url.removeprefix("http://") for url in platform.base_urls]
    nginx = Nginx(directory, {"gateways": gateways, **services}, mesh=mesh)
    try:
        await nginx.start()
        yield nginx
    finally:
        await nginx.stop()


async def code_of(call: Awaitable[Any]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value.code()


async def grpc_is_passed_on(nginx: Nginx) -> None:
    """What people may call, and nothing else."""
    async with visiting(nginx.url) as visitor:
        ada = await visitor.sign_up("Ada")
        task = await ada.creates()
    async with nginx.channel() as channel:
        metadata = [("authorization", ada.headers["Authorization"])]
        listed = await TaskServiceStub(channel).ListTasks(pb.ListTasksRequest(), metadata=metadata, timeout=10)
        assert [each.id for each in listed.tasks] == [task["id"]]
        request = directory_service_pb2.LookUpUsersRequest(keys=[ada.user["id"]])
        call = DirectoryServiceStub(channel).LookUpUsers(request, metadata=metadata, timeout=10)
        assert await code_of(call) == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(("sent", "kept"), [("big-1", True), ('","code":"none', False), ("x" * 129, False)])
async def test_what_nginx_refuses_is_a_problem_like_any_other(nginx: Nginx, sent: str, kept: bool) -> None:
    async with visiting(nginx.url) as visitor:
        body = io.BytesIO(b" " * (6 * 1024 * 1024))
        answer = await visitor.send("POST", "/api/tasks", data=body, headers={"X-Request-Id": sent})
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert (answer.json["instance"] == sent) == kept
    assert answer.headers["X-Request-Id"] == answer.json["instance"]
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_while_a_gateway_dies_reads_and_keyed_writes_go_on(servers: Servers) -> None:
    async with behind_nginx("dying", servers) as platform, visiting(platform.nginx.url) as visitor:
        ada = await visitor.sign_up("Ada")
        writing = asyncio.gather(*(write_some(ada, worker) for worker in range(8)))
        await write(ada, "first")
        platform.kill("gateway")
        await writing
        await ada.is_notified(1 + 8 * WRITES)
        platform.kill("gateway2")
        answer = await ada.get("/api/tasks")
        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "1")


async def test_a_service_that_is_away_takes_no_other_with_it(servers: Servers) -> None:
    async with behind_nginx("partly", servers) as platform, visiting(platform.nginx.url) as visitor:
        ada = await visitor.sign_up("Ada")
        platform.kill("notify_svc")
        for _ in range(10):
            refused = await ada.get("/api/notifications")
            assert (refused.status, refused.json["code"]) == (503, "unavailable")
            (await ada.get("/api/tasks")).expect(200)
            (await ada.get("/api/users/profile")).expect(200)


async def write_some(person: Person, worker: int) -> None:
    for number in range(WRITES):
        await write(person, f"{worker}-{number}")


async def write(person: Person, title: str) -> None:
    """Again under the key while the call that the dead gateway made is still running."""

    async def once() -> Answer:
        return await person.post("/api/tasks", {"title": title}, headers={"Idempotency-Key": title})

    answer = await eventually(once, lambda answer: answer.json.get("code") != "idempotency_in_progress")
    answer.expect(201)
    (await person.get("/api/tasks?pageSize=1")).expect(200)
