"""A gateway that is upgraded before the services behind it."""

from collections.abc import AsyncIterator

import pytest

from tests.baseline import old, old_methods
from tests.integration.gateway.edge import USER_ID, Edge, edge_settings, running_edge
from tests.integration.gateway.services import ScriptedServices, answering

TASK_ID = "665f1f77bcf86cd799439021"


@pytest.fixture
async def old_services() -> AsyncIterator[ScriptedServices]:
    """Services of the last release, whose users could not restore anything yet."""
    services = ScriptedServices([method for method in old_methods() if method.name != "RestoreTask"])
    services.status = old("GetStatusResponse", ready=True)
    async with services.serving():
        yield services


@pytest.fixture
async def edge(old_services: ScriptedServices, redis_url: str) -> AsyncIterator[Edge]:
    async with running_edge(edge_settings(old_services, redis_url)) as edge:
        yield edge


async def test_what_the_last_release_can_goes_on(edge: Edge, old_services: ScriptedServices) -> None:
    task = old("Task", id=TASK_ID, title="Ship it", status=1, priority=2, owner_id=USER_ID, etag="1")
    old_services.behaviours["CreateTask"] = answering(old("CreateTaskResponse", task=task))
    made = await edge.call("POST", "/api/tasks", json={"title": "Ship it", "reminders": [{"before": "60s"}]})
    assert (made.status, made.json["title"], made.json["status"], made.json["etag"]) == (201, "Ship it", "todo", "1")
    assert old_services.calls[-1].request.task.title == "Ship it"


async def test_what_it_cannot_yet_is_not_available_now(edge: Edge) -> None:
    answer = await edge.call("POST", f"/api/tasks/{TASK_ID}/restore")
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
