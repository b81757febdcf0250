"""What a running platform says of itself in numbers."""

import pytest

from tests.e2e.rest import Person
from tests.e2e.seeing.conftest import VARIABLES, Seen, total
from tests.unit.docs.metrics_page import rows
from tests.waiting import eventually


@pytest.mark.parametrize("process", VARIABLES)
async def test_a_process_has_the_metrics_that_the_page_says_it_has(seen: Seen, process: str) -> None:
    families = await seen.metrics(process)

    exposed = {f"{name}_total" if each.type == "counter" else name for name, each in families.items()}
    assert {name for name in exposed if name.startswith("unified_")} == {row.metric for row in rows() if process in row.processes}
    assert {"process_start_time_seconds", "process_resident_memory_bytes"} <= exposed


async def test_a_change_is_counted_on_all_its_way(ada: Person, seen: Seen) -> None:
    async def counts() -> list[float]:
        return [
            await seen.value("gateway", "unified_http_server_duration_seconds_count", route="/api/tasks", code="201"),
            await seen.value("gateway", "unified_rate_admitted_total", limit="write"),
            await seen.value("task_svc", "unified_grpc_server_duration_seconds_count", code="OK"),
            await seen.value("task_svc", "unified_batch_size_sum", batch="inserts into tasks"),
            await seen.value("task_svc", "unified_outbox_published_total", outbox="tasks", outcome="sent"),
            await seen.value("notify_svc", "unified_events_settled_total", queue="task_created", outcome="handled"),
            await seen.value("notify_svc", "unified_event_latency_seconds_count", queue="task_created"),
        ]

    before = await counts()
    await ada.creates()

    await eventually(counts, lambda now: all(later > sooner for sooner, later in zip(before, now, strict=True)))


async def test_what_no_route_answers_is_counted_as_one(ada: Person, seen: Seen) -> None:
    for path in ("/nothing/here", "/or/there"):
        await ada.send("PROPFIND", path)

    name = "unified_http_server_duration_seconds"
    none = {"method": "any", "route": "none", "code": "404"}
    # A worker that is slow to answer is missing.
    found = await eventually(lambda: seen.metrics("gateway"), lambda now: total(now, f"{name}_count", **none) >= 2)
    routes = [each.labels for each in found[name].samples]
    assert not [each for each in routes if each["method"] == "PROPFIND" or "nothing" in each["route"]]


async def test_every_queue_is_counted(seen: Seen) -> None:
    async def queues() -> set[str]:
        return {each.labels["queue"] for each in (await seen.metrics("notify_svc"))["unified_queue_messages"].samples}

    await eventually(queues, lambda now: {"task_created", "unified.retry.1000ms", "unified.dead_letters"} <= now)


async def test_a_profile_that_is_read_twice_is_a_hit(ada: Person, seen: Seen) -> None:
    async def hits() -> float:
        await ada.get("/api/users/profile")
        return await seen.value("user_svc", "unified_profile_cache_reads_total", outcome="hit")

    before = await hits()
    await eventually(hits, lambda now: now > before)
