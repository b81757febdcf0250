"""An event's way into the inbox of those concerned: once each, whatever else arrives, and whatever is away meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from unified.task.v1 import task_pb2

from dev.ports import free_port
from dev.servers import Mongod
from mesh.amqp import Message, Publisher
from mesh.consumer import REASON
from mesh.deadletters import queue as dead_letters
from mesh.events import CONTENT_TYPE, Event
from mesh.outbox import publish
from mesh.topology import EVENTS
from notify_svc.app import app
from notify_svc.settings import NotifySettings
from tests.baseline import old
from tests.callers import reaching
from tests.integration.notify_svc.person import Person
from tests.task_events import ACTOR_ID, TASK_ID, task_event
from tests.waiting import eventually, until

IN_PROGRESS = task_pb2.STATUS_IN_PROGRESS


@pytest.mark.parametrize(
    ("kind", "fields", "title", "body"),
    [
        ("created", {}, "Grace created ‘Ship it’", ""),
        ("updated", {"changed_fields": ["title", "due_time"]}, "Grace changed ‘Ship it’", "Changed: title, due time"),
        ("updated", {"changed_fields": ["status"]}, "Grace moved ‘Ship it’ to in progress", "Changed: status"),
        ("deleted", {}, "Grace deleted ‘Ship it’", ""),
        ("restored", {}, "Grace restored ‘Ship it’", ""),
        ("commented", {"excerpt": "Who tells them?"}, "Grace commented on ‘Ship it’", "Who tells them?"),
    ],
)
async def test_an_event_becomes_a_notification(
    kind: str, fields: dict[str, Any], title: str, body: str, ada: Person, publisher: Publisher
) -> None:
    event = task_event(kind, ada.user_id, status=IN_PROGRESS, **fields)
    await publish(publisher, event)
    notification = await ada.notified_of(event.id)
    assert (notification.type, notification.title, notification.body) == (f"task.{kind}", title, body)
    assert (notification.task_id, notification.actor_id) == (TASK_ID, ACTOR_ID)
    assert len(notification.id) == 24
    assert notification.create_time.ToSeconds() == event.time.timestamp()


@pytest.mark.parametrize(
    ("kind", "value", "title"),
    [
        ("created", old("TaskCreated"), "Somebody created ‘Ship it’"),
        ("updated", old("TaskUpdated", changed_fields=["title", "labels"]), "Somebody changed ‘Ship it’"),
        ("deleted", old("TaskDeleted"), "Somebody deleted ‘Ship it’"),
    ],
)
async def test_an_event_that_the_last_release_sent_becomes_a_notification(
    kind: str, value: Any, title: str, ada: Person, publisher: Publisher
) -> None:
    task = old("Task", id=TASK_ID, title="Ship it", owner_id=ada.user_id, status=1)
    event = replace(task_event(kind), data=old("TaskEvent", actor_id=ACTOR_ID, task=task, **{kind: value}).SerializeToString())
    await publish(publisher, event)
    notification = await ada.notified_of(event.id)
    assert (notification.title, notification.task_id, notification.actor_id) == (title, TASK_ID, ACTOR_ID)


async def test_an_event_that_comes_five_times_is_one_notification(ada: Person, publisher: Publisher) -> None:
    event, last = task_event("created", ada.user_id), task_event("created", ada.user_id)
    await asyncio.gather(*(publish(publisher, event) for _ in range(5)))
    first = await ada.notified_of(event.id)
    await publish(publisher, event)
    await publish(publisher, last)
    await ada.notified_of(last.id)
    assert [each.event_id for each in await ada.latest()] == [last.id, event.id]
    assert (await ada.latest())[1] == first


async def test_what_concerns_somebody_else_is_not_told(ada: Person, bob: Person, publisher: Publisher) -> None:
    event = task_event("created", bob.user_id)
    await publish(publisher, event)
    await bob.notified_of(event.id)
    assert await ada.latest() == []
    assert not (await ada.page()).notifications


def as_message(event: Event) -> Message:
    return Message(event.data, event.id, event.type, CONTENT_TYPE, event.to_headers())


EVENT = task_event("created")
GARBAGE = {
    "no event at all": Message(b"junk", "", "", "text/plain"),
    "another event's payload": as_message(replace(EVENT, data=task_event("deleted").data)),
    "no payload": as_message(replace(EVENT, data=b"")),
    "a broken payload": as_message(replace(EVENT, data=b"\xff\xff")),
    "a payload of another kind": as_message(replace(EVENT, schema="unified.user.v1.User")),
}


@pytest.mark.parametrize("what", GARBAGE)
async def test_garbage_is_buried_and_the_rest_goes_on(what: str, ada: Person, publisher: Publisher, broker_url: str) -> None:
    garbage = replace(GARBAGE[what], message_id=what)
    event = task_event("created", ada.user_id)
    await publisher.publish(EVENTS, "task.created", garbage)
    await publish(publisher, event)
    await ada.notified_of(event.id)

    async def buried() -> list[object]:
        with suppress(TimeoutError):
            async with dead_letters.opened(broker_url, limit=100) as queue:
                letters = [letter.delivery.message for letter in await queue.letters() if letter.id == what]
                return [(letter.body, letter.headers[REASON]) for letter in letters]
        return []

    assert await eventually(buried) == [(garbage.body, "poison")]


class TestWithoutMongoDB:
    """With a server of its own, which may be killed."""

    @pytest.fixture
    async def own_mongod(self, run_directory: Path) -> AsyncIterator[Mongod]:
        server = Mongod(run_directory / "mortal_notify", free_port())
        await server.start()
        yield server
        await server.stop()

    @pytest.fixture
    def settings(self, settings: NotifySettings, own_mongod: Mongod) -> NotifySettings:
        return settings.model_copy(update={"mongo_uri_notification_service": own_mongod.url})

    async def test_events_wait_for_its_return(
        self, ada: Person, publisher: Publisher, own_mongod: Mongod, caplog: pytest.LogCaptureFixture
    ) -> None:
        before, meanwhile = task_event("created", ada.user_id), [task_event("updated", ada.user_id) for _ in range(40)]
        await publish(publisher, before)
        await ada.notified_of(before.id)
        own_mongod.kill()
        await asyncio.gather(*(publish(publisher, event) for event in meanwhile))
        # Until then the driver's own patience might have been enough.
        await until(lambda: "event waits for its store" in caplog.messages)
        await own_mongod.start()
        everything = await eventually(lambda: ada.latest(100), lambda found: len(found) == len(meanwhile) + 1)
        assert {each.event_id for each in everything} == {event.id for event in [before, *meanwhile]}


async def test_without_a_broker_the_service_is_ready(settings: NotifySettings) -> None:
    nowhere = settings.model_copy(update={"rabbitmq_url": f"amqp://127.0.0.1:{free_port()}"})
    async with app(nowhere) as port, reaching(port) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]
        ready, rabbitmq = [await check(health_pb2.HealthCheckRequest(service=part), timeout=10) for part in ("", "rabbitmq")]
    assert ready.status == health_pb2.HealthCheckResponse.SERVING
    assert rabbitmq.status == health_pb2.HealthCheckResponse.NOT_SERVING
