"""What users do with what they were told, over gRPC: each thing once, however often it is asked for, and only with their own."""

import asyncio
import logging

import pytest
from bson import ObjectId
from unified.error.v1 import reason_pb2
from unified.notify.v1 import notification_pb2

from mesh.amqp import Publisher
from mesh.outbox import publish
from tests.integration.notify_svc.person import MARKS, Person
from tests.refusals import refused
from tests.task_events import task_event
from tests.waiting import until

UNREAD = notification_pb2.NOTIFICATION_STATE_UNREAD
READ = notification_pb2.NOTIFICATION_STATE_READ
ARCHIVED = notification_pb2.NOTIFICATION_STATE_ARCHIVED


@pytest.fixture
async def told(ada: Person, publisher: Publisher) -> list[str]:
    """The ids of three notifications of Ada, newest first."""
    return [await notify(ada, publisher) for _ in range(3)][::-1]


async def notify(person: Person, publisher: Publisher) -> str:
    event = task_event("updated", person.user_id)
    await publish(publisher, event)
    return (await person.notified_of(event.id)).id


async def lists(person: Person) -> tuple[list[str], list[str], list[str]]:
    """What is unread, what is read, what is archived."""
    return await person.ids(UNREAD), await person.ids(READ), await person.ids(ARCHIVED)


async def test_what_is_told_is_new(ada: Person, bob: Person, told: list[str]) -> None:
    assert await lists(ada) == (told, [], [])
    assert await ada.counts() == (3, 3)
    assert await bob.counts() == (0, 0)


async def test_reading_marks_as_seen_and_unreading_does_not_undo_that(ada: Person, told: list[str]) -> None:
    _, second, _ = told
    read = await ada.does("read", second)
    assert read.read_time == read.seen_time
    assert read.read_time.ToSeconds() >= read.create_time.ToSeconds()
    assert await lists(ada) == ([told[0], told[2]], [second], [])
    assert await ada.counts() == (2, 2)

    unread = await ada.does("unread", second)
    assert not unread.HasField("read_time")
    assert unread.seen_time == read.seen_time
    assert await lists(ada) == (told, [], [])
    assert await ada.counts() == (3, 2)


async def test_what_is_archived_is_out_of_the_inbox_until_it_is_brought_back(ada: Person, told: list[str]) -> None:
    first, second, third = told
    await ada.does("read", first)
    for notification_id in (first, second):
        assert (await ada.does("archive", notification_id)).HasField("archive_time")
    assert await lists(ada) == ([third], [], [first, second])
    assert await ada.ids() == [third]
    assert [each.id for each in await ada.latest()] == [third]
    assert await ada.counts() == (1, 1)
    for notification_id in (first, second):
        assert not (await ada.does("unarchive", notification_id)).HasField("archive_time")
    assert await lists(ada) == ([second, third], [first], [])
    assert await ada.counts() == (2, 2)


@pytest.mark.parametrize("what", MARKS)
async def test_doing_it_again_changes_nothing(what: str, ada: Person, told: list[str]) -> None:
    first = await ada.does(what, told[0])
    assert await ada.does(what, told[0]) == first
    (stored,) = [
        each for state in (UNREAD, READ, ARCHIVED) for each in (await ada.page(state=state)).notifications if each.id == told[0]
    ]
    assert stored == first


async def test_everything_at_once_comes_out_as_one_of_its_orders(ada: Person, told: list[str]) -> None:
    await asyncio.gather(*(ada.does(what, told[0]) for what in ("read", "archive") for _ in range(5)))
    assert await lists(ada) == (told[1:], [], [told[0]])
    assert (await ada.does("unarchive", told[0])).HasField("read_time")


@pytest.mark.parametrize("mark", ["reads_all", "sees_all"])
async def test_all_are_marked_up_to_one(mark: str, ada: Person, bob: Person, told: list[str], publisher: Publisher) -> None:
    mark_all, bobs = getattr(ada, mark), await notify(bob, publisher)
    assert await mark_all(told[1]) == 2
    assert await mark_all(told[1]) == 0
    assert await ada.counts() == ((1, 1) if mark == "reads_all" else (3, 1))
    assert await mark_all() == 1
    assert await mark_all() == 0
    assert await ada.counts() == ((0, 0) if mark == "reads_all" else (3, 0))
    assert await bob.ids(UNREAD) == [bobs]
    assert await bob.counts() == (1, 1)


async def test_marking_all_keeps_what_was_marked_before(ada: Person, told: list[str]) -> None:
    first, second, third = told
    read, archived = await ada.does("read", first), await ada.does("archive", second)
    await ada.sees_all()
    seen = (await ada.page(state=UNREAD)).notifications[0]
    assert await ada.reads_all() == 1
    now_read, before = (await ada.page(state=READ)).notifications[::-1]
    assert before == read
    assert (now_read.id, now_read.seen_time) == (third, seen.seen_time)
    assert list((await ada.page(state=ARCHIVED)).notifications) == [archived]


async def test_what_was_deleted_is_gone_for_good(ada: Person, publisher: Publisher, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    event = task_event("updated", ada.user_id)
    await publish(publisher, event)
    deleted = (await ada.notified_of(event.id)).id
    await ada.deletes(deleted)
    await publish(publisher, event)
    await until(lambda: "user had been notified" in caplog.messages)
    last = await notify(ada, publisher)
    assert await lists(ada) == ([last], [], [])
    assert await ada.counts() == (1, 1)
    for what in MARKS:
        with refused(reason_pb2.REASON_NOTIFICATION_NOT_FOUND):
            await ada.does(what, deleted)
    with refused(reason_pb2.REASON_NOTIFICATION_NOT_FOUND):
        await ada.deletes(deleted)
    with refused(reason_pb2.REASON_NOTIFICATION_NOT_FOUND):
        await ada.reads_all(deleted)


async def test_somebody_elses_notification_does_not_exist(ada: Person, bob: Person, told: list[str]) -> None:
    for notification_id in (told[0], str(ObjectId()), "nonsense", "x" * 24):
        for what in MARKS:
            with refused(reason_pb2.REASON_NOTIFICATION_NOT_FOUND):
                await bob.does(what, notification_id)
        for call in (bob.deletes(notification_id), bob.reads_all(notification_id), bob.sees_all(notification_id)):
            with refused(reason_pb2.REASON_NOTIFICATION_NOT_FOUND):
                await call
    assert await lists(ada) == (told, [], [])
    assert await ada.counts() == (3, 3)


async def test_an_id_is_needed(ada: Person) -> None:
    for what in MARKS:
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await ada.does(what, "")
        assert refusal.fields == ["id"]


async def test_a_key_makes_a_repeated_request_harmless(ada: Person, told: list[str]) -> None:
    first, second, third = told
    read = await ada.does("read", first, key="read")
    await ada.does("unread", first)
    assert await ada.does("read", first, key="read") == read
    assert await ada.ids(UNREAD) == told
    for _ in range(2):
        await ada.deletes(second, key="delete")
    for _ in range(2):
        assert await ada.sees_all(key="seen") == 1
        assert await ada.reads_all(third, key="all") == 1
    await ada.does("unread", third)
    assert await ada.reads_all(third, key="all") == 1
    assert await ada.ids(UNREAD) == [first, third]
    with refused(reason_pb2.REASON_IDEMPOTENCY_KEY_REUSED):
        await ada.does("read", third, key="read")


async def test_a_refused_request_leaves_its_key_free(ada: Person, bob: Person, told: list[str]) -> None:
    with refused(reason_pb2.REASON_NOTIFICATION_NOT_FOUND):
        await bob.does("archive", told[0], key="archive")
    assert await ada.ids(ARCHIVED) == []
    await ada.does("archive", told[0], key="archive")
    assert await ada.ids(ARCHIVED) == [told[0]]
