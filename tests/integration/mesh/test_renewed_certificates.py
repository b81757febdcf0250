"""Certificates that change while calls are under way, and files that are not complete yet."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from dev.authority import CA_FILE, Authority, certificate_settings, issue_all, write
from dev.ports import free_port
from mesh import channel as channel_module
from mesh.certificates import Certificates
from mesh.channel import open_channel
from mesh.mutual_tls import channel_credentials
from mesh.renewed_channel import RenewedChannel
from tests.callers import reaching
from tests.integration.mesh.serving import LOGIN, Scripted, server
from tests.integration.mesh.slow_way import slow_way
from tests.platform import files_of
from tests.waiting import PATIENCE_S, until

TIMEOUT_S = 10.0


class Slow(Scripted):
    """Answers when told to."""

    def __init__(self) -> None:
        super().__init__(self._work)
        self.go_on = asyncio.Event()

    async def _work(self) -> None:
        await self.go_on.wait()


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def folder(tmp_path: Path, authority: Authority) -> Path:
    write(tmp_path / CA_FILE, authority.pem)
    issue_all(authority, tmp_path, ["gateway", "user_svc"])
    return tmp_path


@pytest.fixture
def servicer() -> Slow:
    return Slow()


@pytest.fixture
async def port(folder: Path, servicer: Slow) -> AsyncIterator[int]:
    async with server(servicer, certificates=files_of(folder, "user_svc")) as port:
        yield port


@pytest.fixture
async def channel(folder: Path, port: int) -> AsyncIterator[RenewedChannel]:
    channel: Any
    async with reaching(port, "user_svc", certificates=files_of(folder, "gateway")) as channel:
        yield channel


async def shown(port: int, folder: Path) -> bytes:
    """The certificate that a new connection meets, as the caller sees it."""
    certificate, key, ca = certificate_settings(folder, "gateway").values()
    trust = ssl.create_default_context(cafile=ca)
    trust.load_cert_chain(certificate, key)
    trust.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="user-svc")
    shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    assert shown
    return ssl.DER_cert_to_PEM_cert(shown).encode()


async def test_a_call_under_way_ends_where_it_began(
    channel: RenewedChannel, servicer: Slow, authority: Authority, folder: Path
) -> None:
    stub: Any = UserServiceStub(channel)
    before = channel.newest
    under_way = asyncio.ensure_future(stub.Login(LOGIN, timeout=PATIENCE_S))
    await until(lambda: servicer.calls == 1)
    issue_all(authority, folder, ["gateway"])
    await until(lambda: channel.newest is not before)
    later = asyncio.ensure_future(stub.Login(LOGIN, timeout=PATIENCE_S))
    await until(lambda: servicer.calls == 2)
    assert before.get_state() is not grpc.ChannelConnectivity.SHUTDOWN
    servicer.go_on.set()
    assert [(await each).token for each in (under_way, later)] == ["nobody"] * 2


async def test_a_stub_goes_over_the_newest_channel(
    channel: RenewedChannel, servicer: Slow, authority: Authority, folder: Path
) -> None:
    servicer.go_on.set()
    stub: Any = UserServiceStub(channel)
    await stub.Login(LOGIN, timeout=TIMEOUT_S)
    before = channel.newest
    issue_all(authority, folder, ["gateway"])
    await until(lambda: channel.newest is not before)
    await before.close()
    await stub.Login(LOGIN, timeout=TIMEOUT_S)
    assert servicer.calls == 2


async def test_a_certificate_whose_key_is_not_there_yet_is_not_shown(port: int, authority: Authority, folder: Path) -> None:
    before = (folder / "user-svc.pem").read_bytes()
    certificate, key = authority.issue("user_svc")
    write(folder / "user-svc.pem", certificate)
    assert await shown(port, folder) == before
    write(folder / "user-svc.key", key)
    assert await shown(port, folder) == certificate


async def test_what_the_other_end_does_not_take_yet_is_not_used(
    port: int, servicer: Slow, authority: Authority, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    servicer.go_on.set()
    # A process that hears of a new CA before the service does.
    own, new = folder / "own", Authority()
    write(own / CA_FILE, authority.pem + new.pem)
    issue_all(authority, own, ["gateway"])
    channel: Any
    async with reaching(port, "user_svc", certificates=files_of(own, "gateway")) as channel:
        stub: Any = UserServiceStub(channel)
        await stub.Login(LOGIN, timeout=TIMEOUT_S)
        before = channel.newest
        issue_all(new, own, ["gateway"])
        await until(lambda: "new certificates are not taken yet" in caplog.text)
        await stub.Login(LOGIN, timeout=TIMEOUT_S)
        assert channel.newest is before
        write(folder / CA_FILE, authority.pem + new.pem)
        await until(lambda: channel.newest is not before)
        await stub.Login(LOGIN, timeout=TIMEOUT_S)


async def test_a_channel_that_reaches_nobody_turns_to_new_certificates_at_once(authority: Authority, folder: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    channel: Any = open_channel(nobody, "user_svc", certificates=files_of(folder, "gateway", reload_interval_s=0.02))
    async with channel:
        before = channel.newest
        issue_all(authority, folder, ["gateway"])
        await until(lambda: channel.newest is not before)


async def test_no_call_is_lost_while_connections_take_their_time(
    port: int, servicer: Slow, authority: Authority, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long they take; of two values for a name the first counts.
    monkeypatch.setattr(channel_module, "OPTIONS", [("grpc.min_reconnect_backoff_ms", 20_000), *channel_module.OPTIONS])
    servicer.go_on.set()
    files = files_of(folder, "gateway", reload_interval_s=0.02)
    async with slow_way(port, 0.4) as way:
        channel: Any = open_channel(f"127.0.0.1:{way}", "user_svc", certificates=files)
        async with channel:
            stub: Any = UserServiceStub(channel)
            # The first change comes while the first connection is being opened.
            for _ in range(2):
                before = channel.newest
                issue_all(authority, folder, ["gateway"])
                while channel.newest is before:
                    await stub.Login(LOGIN, timeout=TIMEOUT_S)
            await stub.Login(LOGIN, timeout=TIMEOUT_S)


async def test_leaving_ends_what_is_under_way_on_the_channel_before(
    port: int, servicer: Slow, authority: Authority, folder: Path
) -> None:
    channel: Any
    async with reaching(port, "user_svc", certificates=files_of(folder, "gateway")) as channel:
        stub: Any = UserServiceStub(channel)
        before = channel.newest
        under_way = asyncio.ensure_future(stub.Login(LOGIN, timeout=PATIENCE_S))
        await until(lambda: servicer.calls == 1)
        issue_all(authority, folder, ["gateway"])
        await until(lambda: channel.newest is not before)
    assert before.get_state() is grpc.ChannelConnectivity.SHUTDOWN
    await asyncio.wait({under_way})
    assert under_way.cancelled()


async def test_leaving_closes_a_channel_that_is_still_connecting(port: int, authority: Authority, folder: Path) -> None:
    opened: list[grpc.aio.Channel] = []

    def open_with(certificates: Certificates) -> grpc.aio.Channel:
        options = [("grpc.ssl_target_name_override", "user-svc")]
        opened.append(grpc.aio.secure_channel(f"127.0.0.1:{way}", channel_credentials(certificates), options=options))
        return opened[-1]

    async with slow_way(port, TIMEOUT_S) as way, RenewedChannel(open_with, files_of(folder, "gateway")):
        issue_all(authority, folder, ["gateway"])
        await until(lambda: len(opened) == 2)
    assert [each.get_state() for each in opened] == [grpc.ChannelConnectivity.SHUTDOWN] * 2
