"""One trace, from a request to the notification that it caused."""

import secrets
from collections.abc import Callable

import orjson

from tests.collector import Collected
from tests.e2e.rest import Person, visiting
from tests.e2e.seeing.conftest import Seen
from tests.platform import Platform
from tests.waiting import until

CREATING = [
    ("gateway", "server", "POST /api/tasks"),
    ("gateway", "client", "unified.task.v1.CreateTaskRequest"),
    ("task_svc", "server", "unified.task.v1.TaskService/CreateTask"),
]
TELLING = [
    ("task_svc", "producer", "publish task.created"),
    ("notify_svc", "consumer", "handle task.created"),
]


def a_trace() -> tuple[str, str]:
    """Its id, and the header that says it."""
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return trace, f"00-{trace}-{span}-01"


async def step(seen: Seen, trace: str, is_it: Callable[[Collected], bool]) -> Collected:
    """The step of the trace, once it was collected."""
    await until(lambda: any(map(is_it, seen.collector.trace(trace))))
    return next(filter(is_it, seen.collector.trace(trace)))


async def test_a_trace_leads_from_the_request_to_the_notification(ada: Person, seen: Seen) -> None:
    trace, header = a_trace()

    task = (await ada.post("/api/tasks", {"title": "Ship it"}, headers={"traceparent": header})).expect(201)

    # Each process sends its own, in its own time.
    stored = await step(seen, trace, lambda each: each.step == ("notify_svc", "client", "insert notifications"))
    made = await step(seen, trace, lambda each: each.step == ("task_svc", "client", "insert tasks"))
    first = await step(seen, trace, lambda each: each.step == CREATING[0])
    await until(lambda: {each.step for each in seen.collector.trace(trace)} >= {*CREATING, *TELLING})
    assert seen.collector.way_to(stored) == [*CREATING, *TELLING, stored.step]
    assert seen.collector.way_to(made) == [*CREATING, made.step]
    assert first.span.parent_span_id.hex() == header.split("-")[2]
    assert first.attributes["http.response.status_code"] == 201
    assert not any(each.failed for each in seen.collector.trace(trace)), task


async def test_a_request_of_no_trace_begins_one(ada: Person, seen: Seen) -> None:
    answer = await ada.get("/api/tasks/" + "0" * 24, headers={"traceparent": "00-rubbish"})

    assert answer.status == 404
    request_id = answer.headers["X-Request-Id"]
    await until(lambda: len([each for each in seen.collector.spans if each.attributes.get("request_id") == request_id]) == 2)
    edge, service = sorted(
        (each for each in seen.collector.spans if each.attributes.get("request_id") == request_id), key=lambda each: each.step
    )
    assert not edge.span.parent_span_id
    assert edge.span.trace_id == service.span.trace_id
    assert (edge.span.name, service.attributes["rpc.response.status_code"]) == ("GET /api/tasks/{id}", "NOT_FOUND")


async def test_where_nothing_is_collected_the_logs_are_still_joined_by_trace(shared_platform: Platform) -> None:
    async with visiting(shared_platform.base_url) as visitor:
        person = await visitor.sign_up("Ada")
        trace, header = a_trace()
        await person.post("/api/tasks", {"title": "Ship it"}, headers={"traceparent": header})

    def messages(process: str) -> list[str]:
        lines = map(orjson.loads, shared_platform.process(process).log_file.read_bytes().splitlines())
        return [line["message"] for line in lines if line.get("trace_id") == trace]

    # Each writes its own, in its own time.
    await until(lambda: "request" in messages("gateway"))
    await until(lambda: "call" in messages("task_svc"))
    await until(lambda: "user notified" in messages("notify_svc"))
    assert messages("gateway") == ["request"]
