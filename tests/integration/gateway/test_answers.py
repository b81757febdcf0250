"""What the services answer, and how they fail, becomes HTTP as the REST contract says."""

import asyncio
import re

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from unified.error.v1 import reason_pb2
from unified.task.v1 import comment_pb2, comment_service_pb2, task_pb2, task_service_pb2

from mesh.error_codes import RULES, ErrorRule
from mesh.errors import FieldError, ServiceError
from tests.integration.gateway.edge import HASTY_S, Edge
from tests.integration.gateway.services import ScriptedServices, answering, raising
from tests.waiting import eventually

TASK = task_pb2.Task(
    id="665f1f77bcf86cd799439021",
    title="Ship it",
    status=task_pb2.STATUS_IN_PROGRESS,
    create_time=Timestamp(seconds=1_700_000_000, nanos=5_000_000),
    etag="3",
)
TASK_JSON = {
    "id": "665f1f77bcf86cd799439021",
    "title": "Ship it",
    "description": "",
    "status": "in_progress",
    "priority": "unspecified",
    "labels": [],
    "ownerId": "",
    "assigneeId": "",
    "reminders": [],
    "createTime": "2023-11-14T22:13:20.005Z",
    "etag": "3",
}


async def test_a_resource_is_answered_bare_with_its_etag(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["GetTask"] = answering(task_service_pb2.GetTaskResponse(task=TASK))

    answer = await edge.call("GET", f"/api/tasks/{TASK.id}")

    assert (answer.status, answer.json) == (200, TASK_JSON)
    assert answer.headers["ETag"] == '"3"'
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert services.calls[0].request == task_service_pb2.GetTaskRequest(id=TASK.id)


async def test_a_page_is_answered_with_its_token(edge: Edge, services: ScriptedServices) -> None:
    page = task_service_pb2.ListTasksResponse(tasks=[TASK], next_page_token="next")
    services.behaviours["ListTasks"] = answering(page)

    answer = await edge.call("GET", "/api/tasks?pageSize=1")

    assert answer.json == {"tasks": [TASK_JSON], "nextPageToken": "next"}
    assert "ETag" not in answer.headers


async def test_what_was_made_is_answered_with_its_place(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["CreateTask"] = answering(task_service_pb2.CreateTaskResponse(task=TASK))

    answer = await edge.call("POST", "/api/tasks/upload", json={"title": "Ship it"})

    assert (answer.status, answer.headers["Location"]) == (201, f"/api/tasks/{TASK.id}")


async def test_the_place_of_what_was_made_may_take_several_fields(edge: Edge, services: ScriptedServices) -> None:
    comment = comment_pb2.Comment(id="665f1f77bcf86cd799439041", task_id=TASK.id)
    services.behaviours["CreateComment"] = answering(comment_service_pb2.CreateCommentResponse(comment=comment))

    answer = await edge.call("POST", f"/api/tasks/{TASK.id}/comments", json={"body": "Done?"})

    assert (answer.status, answer.headers["Location"]) == (201, f"/api/tasks/{TASK.id}/comments/{comment.id}")


async def test_a_deletion_is_answered_with_nothing(edge: Edge) -> None:
    answer = await edge.call("DELETE", f"/api/tasks/{TASK.id}")

    assert (answer.status, answer.text) == (204, "")
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
async def test_a_failure_becomes_its_problem(edge: Edge, services: ScriptedServices, rule: ErrorRule) -> None:
    services.behaviours["GetTask"] = raising(ServiceError(rule.reason, "it did not work", retry_after_s=1.2))

    answer = await edge.call("GET", "/api/tasks/1", headers={"X-Request-Id": "abc.1"})

    assert (answer.status, answer.headers["Content-Type"]) == (rule.http_status, "application/problem+json")
    assert answer.json == {
        "type": f"/docs/errors/{rule.code}",
        "title": rule.title,
        "status": rule.http_status,
        "detail": answer.json["detail"],
        "instance": "abc.1",
        "code": rule.code,
    }
    assert ("did not work" in answer.json["detail"]) == (rule.http_status < 500)
    assert answer.headers["Retry-After"] == "2"
    assert ("WWW-Authenticate" in answer.headers) == (rule.http_status == 401)


async def test_field_errors_are_placed_in_the_rest_request(edge: Edge, services: ScriptedServices) -> None:
    fields = [FieldError("task.due_time", "is past"), FieldError("id", "is odd"), FieldError("task.labels[1]", "is rude")]
    error = ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "no", fields=fields)
    services.behaviours["UpdateTask"] = raising(error)

    answer = await edge.call("PATCH", "/api/tasks/1", json={"title": "x"})

    assert answer.json["errors"] == [
        {"pointer": "/dueTime", "message": "is past"},
        {"parameter": "id", "message": "is odd"},
        {"pointer": "/labels/1", "message": "is rude"},
    ]


async def test_a_bug_in_a_service_says_nothing_of_the_inside(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["GetTask"] = raising(ValueError("mongodb://user:password@host"))

    answer = await edge.call("GET", "/api/tasks/1")

    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert "mongodb" not in answer.text


async def test_a_service_that_takes_too_long_is_given_up(hasty_edge: Edge, services: ScriptedServices) -> None:
    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    async def given_up() -> bool:
        answer = await hasty_edge.call("GET", "/api/tasks/1")
        # Where the time was up before, the service has heard nothing. After some of these it is not asked, for a second.
        if (answer.status, answer.json["code"]) == (503, "unavailable"):
            return False
        assert (answer.status, answer.json["code"]) == (504, "deadline_exceeded")
        return services.calls != []

    services.behaviours["GetTask"] = hang

    await eventually(given_up)

    assert 0 <= services.calls[0].time_remaining_s <= HASTY_S + 0.01


async def test_every_answer_has_the_headers_of_the_edge(edge: Edge) -> None:
    for path in ("/api/tasks", "/nothing", "/health", "/docs", "/api/users/login"):
        headers = (await edge.call("GET", path)).headers

        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])
        assert "Server" not in headers
