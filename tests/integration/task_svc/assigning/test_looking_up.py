"""Asking the user service who is assigned: for the caller, in the caller's time, and without depending on it otherwise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from bson import ObjectId
from grpc_health.v1 import health_pb2, health_pb2_grpc
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub
from unified.user.v1 import directory_service_pb2
from unified.user.v1.directory_service_pb2_grpc import DirectoryServiceServicer, add_DirectoryServiceServicer_to_server

from dev.ports import free_port
from mesh.errors import from_rpc_error
from mesh.health import HealthWatch
from mesh.identity import current_caller
from mesh.interceptors import Context
from mesh.logs import request_id
from mesh.metadata import IDEMPOTENCY_KEY
from mesh.server import Service, serving
from mesh.tokens import TokenKeys, TokenVerifier
from task_svc import directory
from task_svc.app import app
from task_svc.settings import TaskSettings
from tests.callers import reaching, signed_in
from tests.integration.task_svc.person import Person
from tests.integration.task_svc.test_batch import create, update
from tests.refusals import refused
from tests.waiting import PATIENCE_S, eventually

BOB_ID = "665f1f77bcf86cd799439012"
BOB_KEYS = (BOB_ID, "bob@example.com")


@asynccontextmanager
async def a_person(settings: TaskSettings, target: str, secret: str) -> AsyncIterator[Person]:
    """Somebody at a task service that looks for the user service at this target."""
    settings = settings.model_copy(update={"user_service_target": target})
    async with app(settings) as port, reaching(port) as channel:
        user_id = str(ObjectId())
        yield Person(TaskServiceStub(channel), user_id, signed_in(user_id, secret))


async def test_without_the_user_service_nobody_is_assigned_and_all_else_goes_on(settings: TaskSettings, jwt_secret: str) -> None:
    async with a_person(settings, f"127.0.0.1:{free_port()}", jwt_secret) as ada:
        task = await ada.create()
        for _ in range(8):
            with refused(reason_pb2.REASON_UNAVAILABLE) as refusal:
                await ada.change(task.id, assignee_id=BOB_ID, title="For Bob")
            assert refusal.errors[0].retry_after_s
            with refused(reason_pb2.REASON_UNAVAILABLE):
                await ada.create(assignee_id="bob@example.com")
        changed = await ada.change(task.id, assignee_id=None, title="Ship it now")
        assert [each.id for each in (await ada.page()).tasks] == [task.id]
        assert await ada.get(task.id) == changed


async def test_readiness_does_not_depend_on_the_user_service(settings: TaskSettings) -> None:
    nowhere = settings.model_copy(update={"user_service_target": f"127.0.0.1:{free_port()}"})
    async with app(nowhere) as port, reaching(port) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
        assert (await check(health_pb2.HealthCheckRequest(), timeout=10)).status == health_pb2.HealthCheckResponse.SERVING


class Noting(DirectoryServiceServicer):
    """Knows Bob alone, and notes what it was asked with."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, float]] = []

    async def LookUpUsers(
        self, request: directory_service_pb2.LookUpUsersRequest, context: Context
    ) -> directory_service_pb2.LookUpUsersResponse:
        self.asked.append((current_caller().user_id, request_id.get(), context.time_remaining() or 0))
        entries = [
            directory_service_pb2.DirectoryEntry(key=key, id=BOB_ID, name="Bob") for key in request.keys if key in BOB_KEYS
        ]
        return directory_service_pb2.LookUpUsersResponse(entries=entries)


class Silent(Noting):
    """Is asked, and never answers."""

    async def LookUpUsers(
        self, request: directory_service_pb2.LookUpUsersRequest, context: Context
    ) -> directory_service_pb2.LookUpUsersResponse:
        await super().LookUpUsers(request, context)
        await asyncio.get_running_loop().create_future()
        raise AssertionError


@asynccontextmanager
async def serving_directory(servicer: Noting, secret: str, address: str = "127.0.0.1:0") -> AsyncIterator[int]:
    """Yields the port."""
    health = HealthWatch({}, needed=frozenset())
    verifier = TokenVerifier(TokenKeys(secret=secret), issuer="unified", audience="unified")
    descriptor = directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"]
    service = Service(descriptor, servicer, add_DirectoryServiceServicer_to_server)
    async with (
        health.watching(),
        serving(address, [service], verifier=verifier, health=health, drain_s=0, connection_age_s=60) as port,
    ):
        yield port


@asynccontextmanager
async def noting(secret: str) -> AsyncIterator[tuple[Noting, int]]:
    """Such a directory, and its port."""
    servicer = Noting()
    async with serving_directory(servicer, secret) as port:
        yield servicer, port


async def test_a_user_service_that_keeps_silent_is_not_waited_for_long(
    settings: TaskSettings, jwt_secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LONGEST_S", 0.3)
    silent = Silent()
    async with serving_directory(silent, jwt_secret) as port, a_person(settings, f"127.0.0.1:{port}", jwt_secret) as ada:
        async with asyncio.timeout(PATIENCE_S):
            # So little time may be up before it is asked.
            while not silent.asked:
                with refused(reason_pb2.REASON_UNAVAILABLE):
                    await ada.create(assignee_id=BOB_ID)
        assert not (await ada.page()).tasks
    assert all(given_s < 1 for *_, given_s in silent.asked)


async def test_it_is_asked_for_the_caller_in_what_is_left_of_the_callers_time(
    settings: TaskSettings, jwt_secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LONGEST_S", 15.0)
    async with noting(jwt_secret) as (servicer, port), a_person(settings, f"127.0.0.1:{port}", jwt_secret) as ada:
        request = pb.CreateTaskRequest(task=task_pb2.Task(title="Ship it", assignee_id="bob@example.com"))
        for timeout_s in (9.0, 30.0):
            await ada.stub.CreateTask(request, metadata=(*ada.metadata, ("x-request-id", "request-7")), timeout=timeout_s)
    (caller_id, asked_by, short_s), (*_, long_s) = servicer.asked
    assert (caller_id, asked_by) == (ada.user_id, "request-7")
    assert 0 < short_s < 10
    assert 10 < long_s < directory.LONGEST_S + 1


async def test_a_request_that_found_no_user_service_succeeds_under_its_key_when_it_is_back(
    settings: TaskSettings, jwt_secret: str
) -> None:
    port = free_port()
    async with a_person(settings, f"127.0.0.1:{port}", jwt_secret) as ada:
        keyed = Person(ada.stub, ada.user_id, (*ada.metadata, (IDEMPOTENCY_KEY, "for-bob")))
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await keyed.create(assignee_id=BOB_ID)

        async def assigned() -> str:
            try:
                return (await keyed.create(assignee_id=BOB_ID)).assignee_id
            except grpc.aio.AioRpcError as error:
                return from_rpc_error(error).message

        async with serving_directory(Noting(), jwt_secret, f"127.0.0.1:{port}"):
            await eventually(assigned, lambda answer: answer == BOB_ID)
        # From then on the answer is stored.
        assert await assigned() == BOB_ID
        assert len((await ada.page()).tasks) == 1


async def test_nobody_is_asked_who_is_assigned_already(settings: TaskSettings, jwt_secret: str) -> None:
    async with noting(jwt_secret) as (servicer, port), a_person(settings, f"127.0.0.1:{port}", jwt_secret) as ada:
        task = await ada.create(assignee_id="bob@example.com")
        assert await ada.change(task.id, assignee_id=BOB_ID) == task
        await ada.change(task.id, title="new")
        await ada.create()
        await ada.change(task.id, assignee_id=None)
    assert len(servicer.asked) == 1


async def test_for_a_batch_it_is_asked_once(settings: TaskSettings, jwt_secret: str) -> None:
    async with noting(jwt_secret) as (servicer, port), a_person(settings, f"127.0.0.1:{port}", jwt_secret) as ada:
        task = await ada.create()
        results = await ada.batch(
            create(assignee_id="bob@example.com"), update(task.id, assignee_id=BOB_ID), update(task.id, title="new"), create()
        )
        assert [result.task.assignee_id for result in results] == [BOB_ID, BOB_ID, BOB_ID, ""]
        assert len(servicer.asked) == 1
        await ada.batch(create(), update(task.id, title="newer", assignee_id=None))
        assert len(servicer.asked) == 1
        unknown = {
            "create.assignee_id": create(assignee_id="eve@e.org"),
            "update.task.assignee_id": update(task.id, assignee_id="eve"),
        }
        for field, operation in unknown.items():
            with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
                await ada.batch(create(assignee_id=BOB_ID), operation)
            assert refusal.fields == [f"operations[1].{field}"]
        assert len((await ada.page()).tasks) == 4
