"""What is new to a user, as the edge asks for it: in order of arrival, nothing skipped, with what came a little before."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis
from unified.notify.v1 import notification_service_pb2 as pb

from mesh.amqp import Publisher
from mesh.channel import open_channel
from mesh.mongo import Document
from mesh.outbox import publish
from mesh.wakeups import channel_of
from notify_svc.app import NEWS, app
from notify_svc.settings import NotifySettings
from tests.integration.notify_svc.person import TIMEOUT_S, Person
from tests.integration.notify_svc.stored import archived, read, stored
from tests.task_events import task_event

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
OVERLAP_S = 10


def made_at(moment: datetime) -> ObjectId:
    """An id of this second, unlike all others of it."""
    return ObjectId(ObjectId.from_datetime(moment).binary[:4] + ObjectId().binary[4:])


async def news(person: Person, after: str = "", page_token: str = "") -> pb.ListNewNotificationsResponse:
    request = pb.ListNewNotificationsRequest(after=after, page_token=page_token)
    return await person.stub.ListNewNotifications(request, metadata=person.metadata, timeout=TIMEOUT_S)


async def ids_after(person: Person, after: str) -> list[str]:
    """Of all pages."""
    found, page_token = [], ""
    while True:
        page = await news(person, after, page_token)
        found += [each.id for each in page.notifications]
        page_token = page.next_page_token
        if not page_token:
            return found


async def test_news_come_in_the_order_of_arrival_page_by_page(
    ada: Person, bob: Person, database: AsyncDatabase[Document]
) -> None:
    keys = [made_at(NOON + timedelta(seconds=number)) for number in range(250)]
    # Events overtake each other: what happened last came first.
    times = [NOON - timedelta(seconds=number) for number in range(250)]
    await database["notifications"].insert_many([stored(ada, key, at) for key, at in zip(keys, times, strict=True)])
    await database["notifications"].insert_one(stored(bob, made_at(NOON), NOON))
    assert await ids_after(ada, str(keys[0])) == [str(key) for key in keys]
    assert await ids_after(ada, str(keys[40])) == [str(key) for key in keys[40 - OVERLAP_S :]]


async def test_an_id_that_became_visible_late_is_among_the_news(ada: Person, database: AsyncDatabase[Document]) -> None:
    now = datetime.now(UTC)
    in_time, late = made_at(now), made_at(now - timedelta(seconds=2))
    await database["notifications"].insert_one(stored(ada, in_time, now))
    first = await news(ada)
    assert [each.id for each in first.notifications] == [str(in_time)]
    await database["notifications"].insert_one(stored(ada, late, now))
    for heard_of in (first.position, str(in_time)):
        assert [each.id for each in (await news(ada, heard_of)).notifications] == [str(late), str(in_time)]


async def test_an_id_of_the_future_hides_nothing(ada: Person, database: AsyncDatabase[Document]) -> None:
    key = made_at(datetime.now(UTC))
    await database["notifications"].insert_one(stored(ada, key, NOON))
    assert [each.id for each in (await news(ada, "f" * 24)).notifications] == [str(key)]


async def test_what_is_deleted_or_kept_out_is_no_news_and_what_is_archived_is(
    ada: Person, database: AsyncDatabase[Document]
) -> None:
    marks: list[Document] = [{}, read(NOON), archived(NOON), {"state": "deleted"}, {"state": "type_off"}, {"state": "own_action"}]
    keys = [made_at(NOON) for _ in marks]
    await database["notifications"].insert_many([stored(ada, key, NOON, **each) for key, each in zip(keys, marks, strict=True)])
    assert sorted(await ids_after(ada, "0" * 24)) == sorted(str(key) for key in keys[:3])


@pytest.mark.parametrize(("after", "page_token"), [("x", ""), ("0" * 23, ""), ("g" * 24, ""), ("", "x")])
async def test_what_is_no_place_in_the_news_is_refused(after: str, page_token: str, ada: Person) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await news(ada, after, page_token)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_news_are_read_from_the_index(ada: Person, database: AsyncDatabase[Document]) -> None:
    keys = [made_at(NOON + timedelta(minutes=number)) for number in range(300)]
    await database["notifications"].insert_many([stored(ada, key, NOON) for key in keys])
    await database.command("profile", 2)
    assert len(await ids_after(ada, str(keys[-2]))) == 2
    await database.command("profile", 0)
    (query,) = await database["system.profile"].find({"op": "query", "ns": f"{database.name}.notifications"}).to_list()
    assert query["planSummary"] == "IXSCAN { recipientId: 1, _id: 1 }"
    assert query["keysExamined"] <= 3


async def test_whoever_is_notified_is_woken(settings: NotifySettings, redis_url: str, ada: Person, publisher: Publisher) -> None:
    listening = settings.model_copy(update={"redis_url": redis_url})
    async with Redis.from_url(redis_url) as redis, redis.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(channel_of(NEWS))
        await subscription.get_message(timeout=TIMEOUT_S)
        # Two take from one queue, and only one of them has Redis: it gets its share.
        async with app(listening) as port, open_channel(f"127.0.0.1:{port}"):
            woken = None
            while woken is None:
                await publish(publisher, task_event("created", ada.user_id))
                woken = await subscription.get_message(timeout=0.1)
    assert woken["data"].decode() == ada.user_id
