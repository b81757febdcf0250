"""What the outboxes of comments hold, and that it goes out, whoever dies: an event for each new comment, in its very document."""

from collections.abc import AsyncIterator
from functools import partial

import grpc
import pytest
from bson import ObjectId
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pymongo.asynchronous.database import AsyncDatabase
from unified.task.v1 import task_events_pb2, task_pb2

from mesh import topology
from mesh.amqp import Broker, Channel, Publisher
from mesh.events import Event
from mesh.mongo import Document
from task_svc.app import app
from task_svc.settings import TaskSettings
from tests.integration.task_svc.comments.commenter import Commenter
from tests.waiting import eventually


async def announced(database: AsyncDatabase[Document], comment_id: str) -> list[Event]:
    document = await database["comments"].find_one({"_id": ObjectId(comment_id)})
    assert document is not None
    return [Event.from_document(entry) for entry in document["outbox"]]


async def test_a_new_comment_is_announced_with_its_task(
    member: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]
) -> None:
    asking = Commenter(member.stub, member.user_id, (*member.metadata, ("x-request-id", "request-7")))
    comment = await asking.says(task.id, "Who\ntells them?")
    (event,) = await announced(database, comment.id)
    assert (event.type, event.source, event.schema) == ("task.commented", "task_svc", "unified.task.v1.TaskEvent")
    assert (event.subject, event.sequence, event.request_id) == (comment.id, 1, "request-7")
    assert event.time.timestamp() * 1000 == comment.create_time.ToMilliseconds()
    payload = task_events_pb2.TaskEvent.FromString(event.data)
    commented = task_events_pb2.TaskCommented(comment_id=comment.id, excerpt="Who tells them?")
    assert payload == task_events_pb2.TaskEvent(actor_id=member.user_id, task=task, commented=commented)


async def test_only_new_comments_are_announced(owner: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]) -> None:
    comment = await owner.says(task.id)
    before = await announced(database, comment.id)
    await owner.changes(comment, body="new")
    assert await announced(database, comment.id) == before
    await owner.deletes(comment)
    assert await announced(database, comment.id) == before
    tasks_own = await database["tasks"].find_one({"_id": ObjectId(task.id)})
    assert tasks_own is not None
    assert [entry["type"] for entry in tasks_own["outbox"]] == ["task.created"]


async def test_health_says_how_many_comments_wait(channel: grpc.aio.Channel) -> None:
    check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
    request = health_pb2.HealthCheckRequest(service="comment_outbox")
    # Not well before the next probe, if it was late for the first.
    await eventually(partial(check, request, timeout=10), lambda answer: answer.status == health_pb2.HealthCheckResponse.SERVING)


async def declare(channel: Channel) -> None:
    await topology.declare_events(channel)
    await topology.declare_queue(channel, "task_commented", "task.commented")


@pytest.fixture
async def broker(rabbitmq_url: str) -> AsyncIterator[Broker]:
    """One that takes the events of comments."""
    async with Broker(rabbitmq_url, [Publisher(declare)], name="tests") as broker:
        await broker.up()
        yield broker


async def unsent(database: AsyncDatabase[Document]) -> int:
    return await database["comments"].count_documents({"outbox.0": {"$exists": True}})


@pytest.mark.usefixtures("broker")
async def test_what_a_killed_process_wrote_and_did_not_publish_goes_out(
    owner: Commenter,
    task: task_pb2.Task,
    settings: TaskSettings,
    rabbitmq_url: str,
    database: AsyncDatabase[Document],
) -> None:
    # As kill -9 between write and publish leaves them, one of them deleted since: this process has no broker.
    await owner.deletes(await owner.says(task.id))
    comment = await owner.says(task.id)
    assert await unsent(database) == 2
    changes = {"rabbitmq_url": rabbitmq_url, "outbox_sweep_interval_seconds": 0.05, "outbox_sweep_age_seconds": 0.1}
    # As if the process that has swept already had released its lease.
    await database["leases"].delete_many({})
    async with app(settings.model_copy(update=changes)):
        await eventually(lambda: unsent(database), lambda count: count == 0)
    # They are no part of the task's history.
    assert await database["history"].count_documents({"type": "task.commented"}) == 0
    assert list((await owner.page(task.id)).comments) == [comment]


class TestWithABroker:
    """And a sweep that has no part in it."""

    @pytest.fixture
    def settings(self, settings: TaskSettings, rabbitmq_url: str) -> TaskSettings:
        changes = {"rabbitmq_url": rabbitmq_url, "outbox_sweep_interval_seconds": 3600, "outbox_sweep_age_seconds": 3600}
        return settings.model_copy(update=changes)

    @pytest.mark.usefixtures("broker")
    async def test_an_event_leaves_the_outbox_at_once(
        self, owner: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]
    ) -> None:
        async def comment_and_count() -> int:
            await owner.says(task.id)
            return await database["comments"].count_documents({"outbox": []})

        # The first may come before the service has found the broker, or the queue its leader.
        await eventually(comment_and_count)
