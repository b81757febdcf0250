"""The typed Python client at a running platform, over REST and over gRPC."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub
from unified_client import ApiError, Client
from unified_client.models import Task, TaskOperation
from unified_client.rpc import open_channel

from tests.e2e.rest import PASSWORD
from tests.platform import Platform
from tests.waiting import eventually

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[Client]:
    """Of somebody who has just signed in."""
    async with Client(platform.base_url) as client:
        email = f"grace.{secrets.token_hex(6)}@example.com"
        registered = await client.users.register(email=email, password=PASSWORD, name="Grace")
        assert await client.sign_in(email, PASSWORD) == registered
        yield client


async def test_a_day_with_tasks(client: Client) -> None:
    task = await client.tasks.create_task(title="Ship it", priority="high", due_time=SOON, labels=["release"])
    assert (task.status, task.due_time, task.labels) == ("todo", SOON, ("release",))
    changed = await client.tasks.update_task(task.id, status="in_progress", due_time=None, etag=task.etag)
    assert (changed.status, changed.due_time, changed.title) == ("in_progress", None, "Ship it")
    with pytest.raises(ApiError) as raised:
        await client.tasks.update_task(task.id, title="Too late", etag=task.etag)
    assert raised.value.code == "etag_mismatch"
    await client.tasks.delete_task(task.id)
    assert [each async for each in client.tasks.list_tasks()] == []

    async def told() -> list[str]:
        return [each.title async for each in client.notifications.list_notifications(type=["task.deleted"])]

    assert await eventually(told) == ["Grace deleted ‘Ship it’"]


async def test_a_list_is_read_page_by_page(client: Client) -> None:
    titles = [f"Task {number}" for number in range(7)]
    operations = [TaskOperation(create=Task(title=title)) for title in titles]
    assert len((await client.tasks.batch_tasks(operations=operations)).results) == 7
    listed = [each.title async for each in client.tasks.list_tasks(page_size=3, order_by="createTime", status=["todo"])]
    assert listed == titles


async def test_a_stream_goes_on_after_the_last_event(client: Client) -> None:
    async def ids() -> list[str]:
        return [each.id async for each in client.notifications.list_notifications()]

    for title in ("One", "Two"):
        await client.tasks.create_task(title=title)
    _, first = await eventually(ids, lambda found: len(found) == 2)
    news = client.notifications.list_new_notifications(last_event_id=first)
    seen: list[str] = []
    async with asyncio.timeout(30):
        async for event in news:
            assert (event.id, event.type) == (event.data.id, "task.created")
            seen.append(event.data.title)
            if event.data.title.endswith("‘Two’"):
                await client.tasks.create_task(title="Three")
            if event.data.title.endswith("‘Three’"):
                break
    # The first lies within the overlap, and may come again.
    assert [title for title in seen if not title.endswith("‘One’")] == ["Grace created ‘Two’", "Grace created ‘Three’"]


async def test_the_same_key_has_one_effect(client: Client) -> None:
    first = await client.tasks.create_task(title="Once", idempotency_key="k")
    assert await client.tasks.create_task(title="Once", idempotency_key="k") == first
    with pytest.raises(ApiError, match="idempotency_key_reused"):
        await client.tasks.create_task(title="Twice", idempotency_key="k")


async def test_the_same_person_over_grpc(client: Client, platform: Platform) -> None:
    target, credentials = platform.target("task_svc"), platform.credentials("client")
    async with open_channel(target, token=lambda: client.token, credentials=credentials) as channel:
        stub = TaskServiceStub(channel)
        made = (await stub.CreateTask(pb.CreateTaskRequest(task=task_pb2.Task(title="Over gRPC")))).task
    assert (await client.tasks.get_task(made.id)).title == "Over gRPC"
