"""A program that was built with the contract of the last release, at services of today."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from tests.baseline import Message, old, old_methods
from tests.callers import bearer
from tests.e2e.rest import PASSWORD, Person, visiting
from tests.platform import Platform
from tests.waiting import eventually

SERVICES = {"user": "user_svc", "task": "task_svc", "notify": "notify_svc", "api": "task_svc"}
TIMEOUT_S = 10
# What a service answers when it knows the method, and likes the request or not.
SERVED = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED}


class OldClient:
    """Calls methods by their names, as somebody who has signed in over REST."""

    def __init__(self, channels: dict[str, grpc.aio.Channel], token: str) -> None:
        self._channels, self._metadata = channels, bearer(token)
        self._methods = {method.name: method for method in old_methods()}

    async def call(self, name: str, **values: Any) -> Message:
        method = self._methods[name]
        service = method.containing_service.full_name
        request, response = (GetMessageClass(each) for each in (method.input_type, method.output_type))
        call: Any = self._channels[SERVICES[service.split(".")[1]]].unary_unary(
            f"/{service}/{name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        return await call(request(**values), metadata=self._metadata, timeout=TIMEOUT_S)

    async def tries(self, name: str) -> grpc.StatusCode:
        """What becomes of an empty request."""
        try:
            await self.call(name)
        except grpc.aio.AioRpcError as refusal:
            return refusal.code()
        return grpc.StatusCode.OK


@pytest.fixture
async def ada(shared_platform: Platform) -> AsyncIterator[Person]:
    async with visiting(shared_platform.base_url) as visitor:
        yield await visitor.sign_up("Ada")


@pytest.fixture
async def program(shared_platform: Platform, ada: Person) -> AsyncIterator[OldClient]:
    async with AsyncExitStack() as stack:
        channels = {
            name: await stack.enter_async_context(grpc.aio.insecure_channel(shared_platform.target(name)))
            for name in set(SERVICES.values())
        }
        yield OldClient(channels, ada.token)


async def test_it_works_with_users_tasks_and_notifications_as_before(program: OldClient, ada: Person) -> None:
    login = await program.call("Login", email=ada.user["email"], password=PASSWORD)
    assert (login.user.id, bool(login.token)) == (ada.user["id"], True)
    assert (await program.call("GetProfile")).user.name == "Ada"
    made = (await program.call("CreateTask", task=old("Task", title="Ship it", labels=["release"]))).task
    assert (await program.call("GetTask", id=made.id)).task == made
    mask = {"paths": ["status"]}
    changed = (await program.call("UpdateTask", id=made.id, task=old("Task", status=2), update_mask=mask, etag=made.etag)).task
    assert (changed.title, changed.status, list(changed.labels)) == ("Ship it", 2, ["release"])
    assert [each.id for each in (await program.call("ListTasks")).tasks] == [made.id]
    await program.call("DeleteTask", id=made.id)
    told = await eventually(lambda: program.call("ListNotifications"), lambda page: len(page.notifications) == 3)
    assert {each.type for each in told.notifications} == {"task.created", "task.updated", "task.deleted"}
    assert (await program.call("GetStatus")).ready


async def test_what_it_does_not_know_survives_its_changes(program: OldClient, ada: Person) -> None:
    made = await ada.creates(assigneeId=ada.user["id"], reminders=[{"before": "60s"}])
    read = (await program.call("GetTask", id=made["id"])).task
    read.title = "Ship it now"
    await program.call("UpdateTask", id=read.id, task=read, update_mask={"paths": ["title", "description", "labels"]})
    after = (await ada.get(f"/api/tasks/{read.id}")).expect(200)
    same = made.keys() - {"title", "etag", "updateTime"}
    assert after["title"] == "Ship it now"
    assert {name: after[name] for name in same} == {name: made[name] for name in same}


async def test_every_method_is_still_there(program: OldClient) -> None:
    answers = {method.name: await program.tries(method.name) for method in old_methods()}
    assert {name: code for name, code in answers.items() if code not in SERVED} == {}
