"""What surrounds a call on a real server: deadline, identity, access, validation and the log line."""

import asyncio
import logging
import time
from typing import Any

import jwt
import pytest
from unified.api.v1.status_service_pb2 import GetStatusRequest
from unified.api.v1.status_service_pb2_grpc import StatusServiceStub
from unified.error.v1 import reason_pb2
from unified.user.v1 import user_service_pb2 as pb

from mesh.interceptors import deadline
from mesh.logs import request_id
from tests.callers import reaching, signed_in
from tests.integration.mesh.serving import LOGIN, REGISTRATION, SECRET, Scripted, server, stub_of
from tests.refusals import refused
from tests.waiting import PATIENCE_S

TIMEOUT_S = 10.0
PROFILE = pb.GetProfileRequest()
# From now, when tests are collected, to the last of them.
ADA = signed_in("ada", SECRET, for_s=86_400)


class Endless(Scripted):
    """Works for ever, and notes when it is stopped."""

    def __init__(self) -> None:
        super().__init__(self._work)
        self.stopped = asyncio.Event()

    async def _work(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.stopped.set()


async def test_work_ends_with_its_callers_time() -> None:
    servicer = Endless()
    async with stub_of(servicer) as stub:
        async with asyncio.timeout(PATIENCE_S):
            # Its time may be up before it arrives.
            while not servicer.calls:
                with refused(reason_pb2.REASON_DEADLINE_EXCEEDED):
                    await stub.Register(REGISTRATION, timeout=0.5)
            await servicer.stopped.wait()


@pytest.mark.parametrize(("setting", "timeout_s"), [("DEFAULT_TIMEOUT_S", None), ("LONGEST_TIMEOUT_S", 30.0)])
async def test_no_caller_has_for_ever(setting: str, timeout_s: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, setting, 0.2)
    async with stub_of(Endless()) as stub:
        start = time.monotonic()
        with refused(reason_pb2.REASON_DEADLINE_EXCEEDED):
            await stub.Register(REGISTRATION, timeout=timeout_s)
    assert time.monotonic() - start < 10


async def test_work_that_cannot_finish_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    # gRPC rounds what it sends up, by a hundredth at times.
    monkeypatch.setattr(deadline, "LEAST_S", 2 * TIMEOUT_S)
    servicer = Scripted()
    async with stub_of(servicer) as stub:
        with refused(reason_pb2.REASON_DEADLINE_EXCEEDED):
            await stub.Register(REGISTRATION, timeout=TIMEOUT_S)
    assert servicer.calls == 0


async def test_the_caller_is_who_the_token_names() -> None:
    async def meet() -> None:
        await asyncio.sleep(0.01)

    async with stub_of(Scripted(meet)) as stub:
        names = ["ada", "bob", "eve"] * 10
        calls = [stub.GetProfile(PROFILE, metadata=signed_in(name, SECRET), timeout=TIMEOUT_S) for name in names]
        assert [answer.user.id for answer in await asyncio.gather(*calls)] == names


async def test_a_header_with_a_name_in_it_means_nothing() -> None:
    async with stub_of(Scripted()) as stub:
        metadata = (("x-user-id", "ada"), ("user-id", "ada"), ("x-forwarded-user", "ada"))
        assert (await stub.Login(LOGIN, metadata=metadata, timeout=TIMEOUT_S)).token == "nobody"
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await stub.GetProfile(PROFILE, metadata=metadata, timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic YWRhOnBhc3N3b3Jk",
        "Bearer " + signed_in("ada", SECRET[::-1])[0][1].split()[1],
        "Bearer " + signed_in("ada", SECRET, for_s=-1)[0][1].split()[1],
        "Bearer " + jwt.encode({"sub": "ada"}, SECRET, algorithm="HS256"),
        ADA[0][1].removeprefix("Bearer "),
    ],
    ids=["empty", "no token", "blank", "nonsense", "basic", "other secret", "expired", "few claims", "no scheme"],
)
async def test_a_bad_token_is_refused_where_one_is_needed_and_ignored_elsewhere(authorization: str) -> None:
    servicer = Scripted()
    async with stub_of(servicer) as stub:
        metadata = (("authorization", authorization),)
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await stub.GetProfile(PROFILE, metadata=metadata, timeout=TIMEOUT_S)
        assert servicer.calls == 0
        # Who signs in anew may still send the token that has expired.
        assert (await stub.Login(LOGIN, metadata=metadata, timeout=TIMEOUT_S)).token == "nobody"


async def test_two_tokens_are_none() -> None:
    servicer = Scripted()
    async with stub_of(servicer) as stub:
        for second in (ADA, signed_in("bob", SECRET), signed_in("ada", SECRET[::-1])):
            with refused(reason_pb2.REASON_UNAUTHENTICATED):
                await stub.GetProfile(PROFILE, metadata=ADA + second, timeout=TIMEOUT_S)
    assert servicer.calls == 0


async def test_a_users_method_is_for_users() -> None:
    servicer = Scripted()
    async with stub_of(servicer) as stub:
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await stub.GetProfile(PROFILE, timeout=TIMEOUT_S)
        assert servicer.calls == 0
        await stub.GetProfile(PROFILE, metadata=ADA, timeout=TIMEOUT_S)
        assert servicer.calls == 1


async def test_strangers_learn_nothing_from_validation() -> None:
    servicer = Scripted()
    async with stub_of(servicer) as stub:
        request = pb.UpdateProfileRequest()
        request.update_mask.paths.append("nonsense")
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await stub.UpdateProfile(request, timeout=TIMEOUT_S)
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await stub.UpdateProfile(request, metadata=ADA, timeout=TIMEOUT_S)
    assert refusal.fields == ["update_mask"]
    assert servicer.calls == 0


async def test_a_call_has_one_line_and_the_id_of_its_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ids: list[str] = []

    async def note() -> None:
        ids.append(request_id.get())

    async with stub_of(Scripted(note)) as stub:
        metadata = (("x-request-id", "request-7"),)
        await stub.Login(LOGIN, metadata=metadata, timeout=TIMEOUT_S)
        await stub.Login(LOGIN, timeout=TIMEOUT_S)
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await stub.GetProfile(PROFILE, timeout=TIMEOUT_S)
    assert ids == ["request-7", ""]
    lines = [vars(record) for record in caplog.records if record.message == "call"]
    assert [(line["method"], line["code"]) for line in lines] == [
        ("unified.user.v1.UserService/Login", "OK"),
        ("unified.user.v1.UserService/Login", "OK"),
        ("unified.user.v1.UserService/GetProfile", "UNAUTHENTICATED"),
    ]
    assert "correct horse" not in str(lines)


async def test_what_processes_ask_each_other_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with server() as port, reaching(port) as channel:
        stub: Any = StatusServiceStub(channel)
        assert (await stub.GetStatus(GetStatusRequest(), timeout=TIMEOUT_S)).ready
    assert [record for record in caplog.records if record.message == "call"] == []
