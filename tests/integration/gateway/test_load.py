"""More requests than can be worked on, and less time than the edge would give."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from unified.error.v1 import reason_pb2
from unified.notify.v1.notification_service_pb2 import ListNotificationsResponse
from unified.task.v1 import task_service_pb2
from unified.task.v1.transfer_service_pb2 import ExportTasksRequest, ExportTasksResponse

from mesh.errors import ServiceError
from tests.integration.gateway.edge import Answer, Edge, edge_settings, running_edge
from tests.integration.gateway.services import ScriptedServices, answering, raising
from tests.waiting import PATIENCE_S, eventually, until

JSON = {"Content-Type": "application/json"}
MOST = 3
# More than the breaker bears.
MANY = 10


@pytest.fixture
async def small_edge(services: ScriptedServices, redis_url: str) -> AsyncIterator[Edge]:
    """A gateway that works on three requests to a service at a time."""
    async with running_edge(edge_settings(services, redis_url, max_requests_in_flight=MOST)) as edge:
        yield edge


def waiting_for(event: asyncio.Event, response: Any) -> Callable[[Any], Awaitable[Any]]:
    async def answer(_: Any) -> Any:
        await event.wait()
        return response

    return answer


async def test_what_is_too_much_is_refused_at_once(small_edge: Edge, services: ScriptedServices) -> None:
    finish = asyncio.Event()
    services.behaviours["GetTask"] = waiting_for(finish, task_service_pb2.GetTaskResponse())
    admitted = [asyncio.create_task(small_edge.call("GET", "/api/tasks/1")) for _ in range(MOST)]
    await until(lambda: len(services.calls) == MOST)

    refused = await small_edge.call("GET", "/api/tasks")

    assert (refused.status, refused.json["code"], refused.headers["Retry-After"]) == (503, "overloaded", "1")
    assert "RateLimit" not in refused.headers
    assert len(services.calls) == MOST
    for path in ("/health", "/health/live", "/health/ready", "/docs"):
        assert (await small_edge.call("GET", path)).status == 200
    services.behaviours["ListNotifications"] = answering(ListNotificationsResponse())
    assert (await small_edge.call("GET", "/api/notifications")).status == 200
    finish.set()
    assert [answer.status for answer in await asyncio.gather(*admitted)] == [200] * MOST
    assert (await small_edge.call("GET", "/api/tasks")).status == 200


@pytest.mark.parametrize("failure", [ServiceError(reason_pb2.REASON_TASK_NOT_FOUND, "no"), ValueError("bug")], ids=repr)
async def test_a_request_that_fails_gives_its_place_back(
    small_edge: Edge, services: ScriptedServices, failure: Exception
) -> None:
    services.behaviours["GetTask"] = raising(failure)

    for path in ["/api/tasks/1", "/api/tasks?color=red"] * MOST:
        await small_edge.call("GET", path)

    assert (await small_edge.call("GET", "/api/tasks")).status == 200


async def begin_to_send(edge: Edge, count: int, rest: asyncio.Event) -> list[asyncio.Task[Answer]]:
    """So many requests of whose bodies the gateway waits for the rest."""
    begun = asyncio.Semaphore(0)

    async def body() -> AsyncIterator[bytes]:
        # The gateway has asked for the body.
        begun.release()
        await rest.wait()
        yield b'{"title":"x"}'

    sending = []
    for _ in range(count):
        call = edge.call("POST", "/api/tasks", data=body(), headers={**JSON}, expect100=True)
        sending.append(asyncio.create_task(call))
        await begun.acquire()
    return sending


async def test_clients_that_still_send_take_no_place(small_edge: Edge) -> None:
    rest = asyncio.Event()
    slow = await begin_to_send(small_edge, 2 * MOST, rest)

    assert (await small_edge.call("GET", "/api/tasks")).status == 200
    rest.set()
    await asyncio.gather(*slow)
    assert (await small_edge.call("GET", "/api/tasks")).status == 200


async def test_bodies_that_end_together_do_not_all_get_in(services: ScriptedServices, redis_url: str) -> None:
    rest, finish = asyncio.Event(), asyncio.Event()
    services.behaviours["CreateTask"] = waiting_for(finish, task_service_pb2.CreateTaskResponse())
    async with running_edge(edge_settings(services, redis_url, max_requests_in_flight=MOST, rate_limit_max=100)) as edge:
        sending = await begin_to_send(edge, MANY, rest)
        rest.set()
        await until(lambda: sum(task.done() for task in sending) == MANY - MOST and len(services.calls) == MOST)
        finish.set()
        answers = await asyncio.gather(*sending)
        left = (await edge.call("GET", "/api/tasks")).headers["RateLimit-Remaining"]

    assert sum(call.method == "CreateTask" for call in services.calls) == MOST
    refused = [answer for answer in answers if answer.status == 503]
    assert [(answer.json["code"], answer.headers["Retry-After"]) for answer in refused] == [("overloaded", "1")] * (MANY - MOST)
    assert [answer.status for answer in answers if answer not in refused] == [201] * MOST
    # Nobody pays for a refusal.
    assert left == str(100 - MOST - 1)


async def test_a_file_goes_on_when_there_is_room(small_edge: Edge, services: ScriptedServices) -> None:
    finish, inside, most_inside = asyncio.Event(), 0, 0
    size, last = 1_000_000, 30

    async def get_task(_: Any) -> task_service_pb2.GetTaskResponse:
        nonlocal inside
        inside += 1
        await finish.wait()
        inside -= 1
        return task_service_pb2.GetTaskResponse()

    async def export(request: ExportTasksRequest) -> ExportTasksResponse:
        nonlocal most_inside
        most_inside = max(most_inside, inside + 1)
        number = int(request.page_token or 0)
        return ExportTasksResponse(content=b"x" * size, next_page_token=str(number + 1) if number < last else None)

    async def get() -> Answer:
        return await small_edge.call("GET", "/api/tasks/1")

    services.behaviours |= {"GetTask": get_task, "ExportTasks": export}
    async with small_edge.session.get("/api/tasks/export", headers={"Authorization": small_edge.authorization}) as response:
        # The client takes nothing, and has no place.
        waiting = [asyncio.create_task(eventually(get, lambda answer: answer.status == 200)) for _ in range(MOST)]
        await until(lambda: inside == MOST)
        asked = sum(call.method == "ExportTasks" for call in services.calls)
        assert asked <= last
        await response.content.readexactly(asked * size)
        assert (await get()).status == 503
        finish.set()
        await response.content.readexactly((last + 1 - asked) * size)
    await asyncio.gather(*waiting)
    assert most_inside <= MOST


async def test_a_client_may_wait_less(edge: Edge, services: ScriptedServices) -> None:
    async def given_up() -> bool:
        answer = await edge.call("GET", "/api/tasks/1", headers={"X-Request-Timeout": "0.1"})
        assert (answer.status, answer.json["code"]) == (504, "deadline_exceeded")
        # Where the time was up before, the service has heard nothing.
        return services.calls != []

    services.behaviours["GetTask"] = waiting_for(asyncio.Event(), None)

    await eventually(given_up)

    assert 0 <= services.calls[0].time_remaining_s <= 0.11


async def test_a_client_may_not_wait_longer(edge: Edge, services: ScriptedServices) -> None:
    assert (await edge.call("GET", "/api/tasks", headers={"X-Request-Timeout": "100"})).status == 200
    assert services.calls[0].time_remaining_s < PATIENCE_S + 1


@pytest.mark.parametrize(("asked_s", "status", "code"), [("0.1", 504, "deadline_exceeded"), ("100", 400, "invalid_argument")])
async def test_the_time_of_the_body_counts(
    hasty_edge: Edge, services: ScriptedServices, asked_s: str, status: int, code: str
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"title":'
        await asyncio.Event().wait()

    answer = await hasty_edge.call("POST", "/api/tasks", data=body(), headers={**JSON, "X-Request-Timeout": asked_s})

    assert (answer.status, answer.json["code"]) == (status, code)
    assert services.calls == []


@pytest.mark.parametrize("sent", ["0", "0.000", "-1", "1e3", "nan", "inf", "1s", "", "9999999", "\u0661"])
async def test_what_is_no_timeout_is_named(edge: Edge, services: ScriptedServices, sent: str) -> None:
    answer = await edge.call("GET", "/api/tasks", headers={"X-Request-Timeout": sent})

    assert (answer.status, answer.json["errors"][0]["parameter"]) == (400, "X-Request-Timeout")
    assert services.calls == []


async def test_clients_in_a_hurry_do_not_close_a_service_for_others(edge: Edge, services: ScriptedServices) -> None:
    finish = asyncio.Event()
    services.behaviours["GetTask"] = waiting_for(finish, task_service_pb2.GetTaskResponse())
    for timeout in ["0.000001", "0.01"] * MANY:
        answer = await edge.call("GET", "/api/tasks/1", headers={"X-Request-Timeout": timeout})
        assert answer.status == 504
    finish.set()

    assert (await edge.call("GET", "/api/tasks/1")).status == 200


async def test_a_service_that_keeps_silent_is_left_alone_for_a_while(services: ScriptedServices, redis_url: str) -> None:
    finish = asyncio.Event()
    services.behaviours["GetTask"] = waiting_for(finish, task_service_pb2.GetTaskResponse())
    async with running_edge(edge_settings(services, redis_url, api_timeout_seconds=0.5)) as edge:

        async def get() -> Answer:
            return await edge.call("GET", "/api/tasks/1")

        async def is_left_alone() -> bool:
            asked = len(services.calls)
            return (await get()).status == 503 and len(services.calls) == asked

        await asyncio.gather(*(get() for _ in range(MANY)))

        # A request that comes late may be the trial.
        await eventually(is_left_alone)
        finish.set()
        await eventually(get, lambda answer: answer.status == 200)
