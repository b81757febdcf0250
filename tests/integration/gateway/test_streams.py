"""Streams of server-sent events, in front of a scripted service."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
from redis.asyncio import Redis
from unified.error.v1 import reason_pb2

from dev.ports import free_port
from gateway.streams import ASKING_AT_ONCE, OPEN, Stream
from mesh.errors import FieldError, ServiceError, unavailable
from mesh.wakeups import channel_of
from tests.integration.gateway.edge import USER_ID, Edge, access_token, edge_settings, running_edge
from tests.integration.gateway.inbox import METHOD, STREAM, Inbox, at_stream, wake
from tests.integration.gateway.services import ScriptedServices, raising
from tests.sse import Listener
from tests.waiting import PATIENCE_S, eventually, until

BOB_ID = "665f1f77bcf86cd799439012"
NEVER_S = 300
TASKS = "/api/tasks/stream"


@pytest.fixture
def inbox(services: ScriptedServices) -> Inbox:
    inbox = Inbox()
    services.behaviours["ListNewNotifications"] = inbox.answer
    return inbox


@pytest.fixture(scope="module")
def stream_redis_url(redis_databases: Iterator[str]) -> str:
    return next(redis_databases)


@pytest.fixture(scope="module")
async def patient_edge(shared_services: ScriptedServices, stream_redis_url: str) -> AsyncIterator[Edge]:
    """A gateway that looks for news only when it is woken."""
    settings = edge_settings(
        shared_services, stream_redis_url, stream_poll_seconds=NEVER_S, stream_heartbeat_seconds=NEVER_S, streams_per_user_max=3
    )
    async with running_edge(settings) as edge:
        yield edge


@pytest.fixture
def waking(patient_edge: Edge, inbox: Inbox) -> Edge:
    return patient_edge


@pytest.fixture
async def looking(services: ScriptedServices, inbox: Inbox, redis_url: str) -> AsyncIterator[Edge]:
    """A gateway that looks for news all the time, and soon gives up a client that takes nothing of its stream."""
    often = {"stream_poll_seconds": 0.02, "stream_heartbeat_seconds": 0.05}
    settings = edge_settings(
        services, redis_url, **often, stream_stall_seconds=0.5, body_timeout_seconds=2 * PATIENCE_S, drain_seconds=2
    )
    async with running_edge(settings) as edge:
        yield edge


def numbers(events: list[Any]) -> list[int]:
    return [int(event.id, 16) for event in events]


async def test_news_are_told_as_soon_as_the_user_is_woken(waking: Edge, inbox: Inbox, stream_redis_url: str) -> None:
    inbox.add(1, "before the stream")
    async with at_stream(waking) as listener, at_stream(waking, sub=BOB_ID) as bob:
        inbox.add(2, "‘Ship it’\nnow")
        await wake(stream_redis_url)
        event = await listener.event()
        inbox.add(3)
        await wake(stream_redis_url, BOB_ID)
        assert numbers(await bob.events(2)) == [2, 3]
    assert (event.id, event.type) == (f"{2:024x}", "task.created")
    assert (event.data["id"], event.data["title"], event.data["type"]) == (event.id, "‘Ship it’\nnow", "task.created")
    headers = listener.response.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-store", "no")
    assert "Content-Encoding" not in headers
    assert listener.retry_ms > 0


async def test_the_service_is_asked_in_the_name_of_the_user(waking: Edge, inbox: Inbox, services: ScriptedServices) -> None:
    async with at_stream(waking):
        pass
    assert services.calls
    for call in services.calls:
        assert call.metadata["authorization"].startswith("Bearer ")
        assert call.time_remaining_s < 16


async def test_a_stream_goes_on_behind_the_last_event(waking: Edge, inbox: Inbox) -> None:
    inbox.page_size, inbox.overlap = 4, 2
    for number in range(1, 31):
        inbox.add(number)
    async with at_stream(waking, last_id=f"{7:024x}") as listener:
        # The two before may repeat, the last one itself does not.
        assert numbers(await listener.events(25)) == [5, 6, *range(8, 31)]
    assert listener.last_id == f"{30:024x}"


async def test_a_client_that_heard_nothing_yet_can_go_on_too(waking: Edge, inbox: Inbox) -> None:
    inbox.add(1)
    async with at_stream(waking) as listener:
        position = listener.last_id
    inbox.add(2)
    async with at_stream(waking, last_id=position) as listener:
        assert 2 in numbers(await listener.events(1))


async def test_what_becomes_visible_late_is_told_once_and_nothing_twice(looking: Edge, inbox: Inbox) -> None:
    async with at_stream(looking) as listener:
        for number in (10, 12, 15, 11, 13, 9):
            inbox.add(number)
            assert numbers(await listener.events(1)) == [number]
        inbox.add(20)
        assert numbers(await listener.events(1)) == [20]


async def test_what_nobody_told_of_is_found_after_a_while(looking: Edge, inbox: Inbox) -> None:
    async with at_stream(looking) as listener:
        inbox.add(1)
        assert numbers(await listener.events(1)) == [1]


async def test_without_redis_news_are_found_all_the_same(services: ScriptedServices, inbox: Inbox) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    async with running_edge(edge_settings(services, nowhere, stream_poll_seconds=0.1)) as edge, at_stream(edge) as listener:
        inbox.add(1)
        assert numbers(await listener.events(1)) == [1]


async def test_news_that_fell_into_a_loss_of_the_subscription_are_told(waking: Edge, inbox: Inbox, stream_redis_url: str) -> None:
    async with at_stream(waking) as listener, Redis.from_url(stream_redis_url) as redis:
        await redis.client_kill_filter(_type="pubsub")
        inbox.add(1)
        assert numbers(await listener.events(1)) == [1]
        inbox.add(2)
        await until_subscribed(redis)
        await wake(stream_redis_url)
        assert numbers(await listener.events(1)) == [2]


async def until_subscribed(redis: Redis) -> None:
    async def subscribers() -> int:
        ((_, count),) = await redis.pubsub_numsub(channel_of(METHOD))
        return int(count)

    await eventually(subscribers)


async def test_a_quiet_stream_says_now_and_then_that_it_is_there(looking: Edge, inbox: Inbox) -> None:
    async with at_stream(looking) as listener:
        while len(listener.comments) < 3:
            assert await listener.block() is None


async def test_a_stream_says_that_it_is_there_while_the_service_takes_its_time(
    looking: Edge, inbox: Inbox, services: ScriptedServices
) -> None:
    async with at_stream(looking) as listener:
        asked = len(services.calls)
        async with held(services, inbox):
            await until(lambda: len(services.calls) > asked)
            heard = len(listener.comments)
            # Less than a call has before it fails.
            async with asyncio.timeout(10):
                while len(listener.comments) < heard + 3:
                    assert await listener.block() is None
            inbox.add(1)
        assert numbers(await listener.events(1)) == [1]


@pytest.mark.parametrize(
    ("headers", "query", "status", "code"),
    [
        ({"Authorization": None}, "", 401, "unauthenticated"),
        ({"Authorization": "Bearer x"}, "", 401, "unauthenticated"),
        ({}, "?after=1", 400, "invalid_argument"),
        ({}, "?pageToken=1", 400, "invalid_argument"),
        ({"X-Request-Timeout": "soon"}, "", 400, "invalid_argument"),
    ],
)
async def test_before_the_first_byte_failures_are_answers(
    waking: Edge, headers: dict[str, str | None], query: str, status: int, code: str
) -> None:
    answer = await waking.call("GET", STREAM + query, headers=headers)
    assert (answer.status, answer.json["code"]) == (status, code)


async def test_a_wrong_last_event_id_is_named(waking: Edge, services: ScriptedServices) -> None:
    wrong = FieldError("after", "must be the id of an event")
    services.behaviours["ListNewNotifications"] = raising(
        ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=[wrong])
    )
    answer = await waking.call("GET", STREAM, headers={"Last-Event-ID": "x"})
    assert answer.status == 400
    assert answer.json["errors"] == [{"parameter": "Last-Event-ID", "message": "must be the id of an event"}]


async def test_a_last_event_id_that_is_no_text_is_refused(waking: Edge) -> None:
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", waking.port)
        head = f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {waking.authorization}\r\n"
        writer.write(head.encode() + b"Last-Event-ID: \x84\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"parameter":"Last-Event-ID"' in answer


async def test_a_service_that_is_away_before_the_first_byte_is_503(waking: Edge, services: ScriptedServices) -> None:
    services.behaviours["ListNewNotifications"] = raising(unavailable("the database"))
    answer = await waking.call("GET", STREAM)
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "1")


async def test_its_beginning_takes_no_longer_than_the_client_waits(
    waking: Edge, inbox: Inbox, services: ScriptedServices, stream_redis_url: str
) -> None:
    async with at_stream(waking, headers={"X-Request-Timeout": "10"}):
        await wake(stream_redis_url)
        await until(lambda: len(services.calls) >= 2)
    first, second, *_ = services.calls
    assert first.time_remaining_s < 11 < second.time_remaining_s


async def test_no_stream_waits_for_its_turn_without_an_end(waking: Edge, inbox: Inbox, services: ScriptedServices) -> None:
    async with asyncio.TaskGroup() as others, held(services, inbox):
        for number in range(ASKING_AT_ONCE):
            others.create_task(begin(waking, user_id=f"{number:024x}"))
        await until(lambda: len(services.calls) == ASKING_AT_ONCE)
        answer = await waking.call("GET", STREAM, headers={"X-Request-Timeout": "0.1"})
        # Its client did not wait for as long as the platform would.
        assert (answer.status, answer.json["code"]) == (504, "deadline_exceeded")
        assert len(services.calls) == ASKING_AT_ONCE


@asynccontextmanager
async def held(services: ScriptedServices, inbox: Inbox) -> AsyncIterator[None]:
    """The service answers when the context is left."""
    over = asyncio.Event()

    async def answer(request: Any) -> Any:
        await over.wait()
        return await inbox.answer(request)

    services.behaviours["ListNewNotifications"] = answer
    try:
        yield
    finally:
        over.set()


async def begin(edge: Edge, user_id: str) -> None:
    async with at_stream(edge, sub=user_id):
        pass


async def test_head_opens_no_stream(waking: Edge) -> None:
    answer = await waking.call("HEAD", STREAM)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")


async def test_a_user_has_so_many_streams_and_no_more(waking: Edge, inbox: Inbox) -> None:
    async with at_stream(waking), at_stream(waking), at_stream(waking, sub=BOB_ID):
        async with at_stream(waking):
            refused = await waking.call("GET", STREAM)
        assert (refused.status, refused.json["code"]) == (429, "too_many_streams")
        assert "Retry-After" in refused.headers
        await until(lambda: open_streams() == 3)
        async with at_stream(waking):
            pass


async def test_streams_of_all_kinds_count_together(waking: Edge, inbox: Inbox) -> None:
    async with at_stream(waking), at_stream(waking, path=TASKS), at_stream(waking, path=TASKS):
        for path in (STREAM, TASKS):
            assert (await waking.call("GET", path)).json["code"] == "too_many_streams"


async def test_a_stream_ends_with_its_token(waking: Edge, inbox: Inbox) -> None:
    async with at_stream(waking, exp=int(time.time()) + 6) as listener:
        (last,) = await listener.rest()
    assert (last.type, last.data["status"], last.data["code"]) == ("error", 401, "unauthenticated")


async def test_a_failure_that_passes_does_not_end_the_stream(looking: Edge, inbox: Inbox, services: ScriptedServices) -> None:
    async with at_stream(looking) as listener:
        services.behaviours["ListNewNotifications"] = raising(unavailable("the database"))
        asked = len(services.calls)
        await until(lambda: len(services.calls) > asked + 1)
        services.behaviours["ListNewNotifications"] = inbox.answer
        inbox.add(1)
        assert numbers(await listener.events(1)) == [1]


async def test_a_failure_that_stays_ends_the_stream_and_is_told(looking: Edge, inbox: Inbox, services: ScriptedServices) -> None:
    async with at_stream(looking) as listener:
        services.behaviours["ListNewNotifications"] = raising(RuntimeError("a bug"))
        (last,) = await listener.rest()
    assert (last.type, last.data["code"], last.data["status"]) == ("error", "internal", 500)
    assert "bug" not in orjson.dumps(last.data).decode()


async def test_a_stop_says_goodbye_and_when_to_come_back(services: ScriptedServices, inbox: Inbox, redis_url: str) -> None:
    async with aiohttp.ClientSession() as outside:
        async with running_edge(edge_settings(services, redis_url)) as edge:
            listener = await stay(Edge(edge.port, outside))
        assert await listener.rest() == []
    assert listener.comments[-1] == "goodbye"
    assert 0 < listener.retry_ms <= 1500


async def stay(edge: Edge) -> Listener:
    headers = {"Authorization": f"Bearer {access_token()}"}
    return Listener(await edge.session.get(edge.url + STREAM, headers=headers))


async def test_a_client_that_takes_nothing_is_cut_off(looking: Edge, inbox: Inbox) -> None:
    # Pages that are not too large for an answer of the service.
    inbox.page_size = 10
    reader, writer = await asyncio.open_connection("127.0.0.1", looking.port, limit=1)
    writer.write(f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: {looking.authorization}\r\n\r\n".encode())
    # It has begun: what comes now is news.
    await reader.readexactly(1)
    # More than all buffers on the way hold.
    for number in range(1, 41):
        inbox.add(number, "x" * 1_000_000)
    await until(lambda: open_streams() == 0)
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(ConnectionResetError):
            await reader.read()
    writer.close()


async def test_clients_that_are_gone_leave_nothing_behind(waking: Edge, inbox: Inbox, stream_redis_url: str) -> None:
    inbox.add(1)
    tasks = len(asyncio.all_tasks())
    for _ in range(100):
        users = [f"{number:024x}" for number in range(3)]
        await asyncio.gather(*(come_and_go(waking, user) for user in users))
    await until(lambda: open_streams() == 0)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    await until(lambda: gc.collect() >= 0 and not any(isinstance(each, Stream) for each in gc.get_objects()))


async def come_and_go(edge: Edge, user_id: str) -> None:
    """Leave without a word, as soon as the stream has begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    head = f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {access_token(sub=user_id)}\r\n\r\n"
    writer.write(head.encode())
    await reader.readuntil(b"retry: ")
    writer.transport.abort()


def open_streams() -> int:
    return int(OPEN._value.get())


async def test_the_log_has_a_line_for_a_stream_that_is_over(waking: Edge, inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        async with at_stream(waking):
            pass
        await until(lambda: [record for record in caplog.records if getattr(record, "path", "") == STREAM] != [])
    (line,) = [record for record in caplog.records if getattr(record, "path", "") == STREAM]
    assert vars(line)["status"] == 200
    assert USER_ID not in str(vars(line))
