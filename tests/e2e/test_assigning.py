"""Assigning tasks over REST: who sees them, who is told what, and that gRPC says the same."""

from typing import Any

import pytest
from unified.error.v1 import reason_pb2
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb
from unified.task.v1.task_service_pb2_grpc import TaskServiceStub
from unified.user.v1 import directory_service_pb2 as directory_pb
from unified.user.v1.directory_service_pb2_grpc import DirectoryServiceStub

from tests.callers import bearer
from tests.e2e.rest import Client, Person
from tests.platform import Platform
from tests.refusals import refused

TIMEOUT_S = 10.0


@pytest.fixture
async def eve(visitor: Client) -> Person:
    return await visitor.sign_up("Eve")


async def titles(person: Person, count: int) -> list[str]:
    return [each["title"] for each in reversed(await person.is_notified(count))]


async def test_an_assigned_task_is_of_both_until_it_is_taken_away(ada: Person, bob: Person, eve: Person) -> None:
    task = await ada.creates(assigneeId=bob.user["email"].upper(), labels=["a"])
    path = f"/api/tasks/{task['id']}"
    assert (task["ownerId"], task["assigneeId"]) == (ada.user["id"], bob.user["id"])
    assert (await bob.get("/api/tasks?q=ship&label=a")).expect(200) == {"tasks": [task]}
    assert (await eve.get(path)).expect(404)["code"] == "task_not_found"

    (await bob.patch(path, {"status": "in_progress"}, headers={"If-Match": f'"{task["etag"]}"'})).expect(200)
    (await bob.delete(path)).expect(204)
    (await ada.get(path)).expect(404)
    (await bob.post(f"{path}/restore")).expect(200)
    assert (await ada.patch(path, {"assigneeId": eve.user["id"]})).expect(200)["assigneeId"] == eve.user["id"]
    for send in (bob.get(path), bob.patch(path, {"title": "x"}), bob.delete(path), bob.post(f"{path}/restore")):
        assert (await send).expect(404)["code"] == "task_not_found"
    assert (await ada.put(path, {"assigneeId": None})).expect(200)["assigneeId"] == ""
    assert (await eve.get("/api/tasks")).expect(200) == {"tasks": []}

    together = ["Bob moved ‘Ship it’ to in progress", "Bob deleted ‘Ship it’", "Bob restored ‘Ship it’"]
    assert await titles(ada, 6) == [
        "Ada created ‘Ship it’ for Bob",
        *together,
        "Ada assigned ‘Ship it’ to Eve",
        "Ada unassigned ‘Ship it’",
    ]
    assert await titles(bob, 5) == ["Ada created ‘Ship it’ for you", *together, "Ada took ‘Ship it’ off you"]
    assert await titles(eve, 2) == ["Ada assigned ‘Ship it’ to you", "Ada took ‘Ship it’ off you"]
    newest = (await bob.notifications())[0]
    assert newest["body"] == "Changed: assignee"
    asked = {"eventId": newest["eventId"]}
    explained = [(await person.get("/api/notifications/explain", params=asked)).expect(200) for person in (ada, bob, eve)]
    assert [each["outcome"] for each in explained] == ["notified"] * 3
    last = {"eventId": (await ada.notifications())[0]["eventId"]}
    assert (await bob.get("/api/notifications/explain", params=last)).expect(200)["outcome"] == "not_concerned"


async def test_what_one_does_to_ones_own_tasks_is_told_if_one_wants_to_hear_it(ada: Person, bob: Person) -> None:
    (await bob.put("/api/notifications/preferences", {"ownActions": False})).expect(200)
    task = await ada.creates(assigneeId=bob.user["id"])
    (await bob.patch(f"/api/tasks/{task['id']}", {"assigneeId": None})).expect(200)
    assert await titles(ada, 2) == ["Ada created ‘Ship it’ for Bob", "Bob gave ‘Ship it’ back"]
    assert await titles(bob, 1) == ["Ada created ‘Ship it’ for you"]


async def test_nobody_is_assigned_who_does_not_exist(ada: Person) -> None:
    task = await ada.creates()
    for answer in (
        await ada.post("/api/tasks", {"title": "Ship it", "assigneeId": "nobody@example.com"}),
        await ada.patch(f"/api/tasks/{task['id']}", {"assigneeId": "665f1f77bcf86cd799439021"}),
    ):
        problem = answer.expect(400)
        assert (problem["code"], problem["errors"]) == (
            "invalid_argument",
            [{"pointer": "/assigneeId", "message": "is nobody's id or e-mail address"}],
        )
    for operation, pointer in (
        ({"create": {"title": "Ship it", "assigneeId": "nobody"}}, "/create/assigneeId"),
        ({"update": {"id": task["id"], "assigneeId": "nobody"}}, "/update/assigneeId"),
    ):
        problem = (await ada.post("/api/tasks/batch", {"operations": [operation]})).expect(400)
        assert problem["errors"] == [{"pointer": f"/operations/0{pointer}", "message": "is nobody's id or e-mail address"}]
    assert (await ada.get("/api/tasks")).expect(200) == {"tasks": [task]}


async def test_an_assignment_under_a_key_happens_once(ada: Person, bob: Person) -> None:
    task, headers = await ada.creates(), {"Idempotency-Key": "for-bob"}
    answers = [
        (await ada.patch(f"/api/tasks/{task['id']}", {"assigneeId": bob.user["email"]}, headers=headers)).expect(200)
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert await titles(bob, 1) == ["Ada assigned ‘Ship it’ to you"]


async def test_grpc_says_the_same(platform: Platform, ada: Person, bob: Person, eve: Person) -> None:
    async with platform.channel("task_svc") as channel:
        stub: Any = TaskServiceStub(channel)
        request = pb.CreateTaskRequest(task=task_pb2.Task(title="Ship it", assignee_id=bob.user["email"]))
        task = (await stub.CreateTask(request, metadata=bearer(ada.token), timeout=TIMEOUT_S)).task
        assert task.assignee_id == bob.user["id"]
        shown = (await bob.get(f"/api/tasks/{task.id}")).expect(200)
        assert (shown["assigneeId"], shown["ownerId"], shown["etag"]) == (task.assignee_id, task.owner_id, task.etag)
        got = await stub.GetTask(pb.GetTaskRequest(id=task.id), metadata=bearer(bob.token), timeout=TIMEOUT_S)
        assert got.task == task
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await stub.GetTask(pb.GetTaskRequest(id=task.id), metadata=bearer(eve.token), timeout=TIMEOUT_S)
        unknown = pb.CreateTaskRequest(task=task_pb2.Task(title="Ship it", assignee_id="nobody@example.com"))
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await stub.CreateTask(unknown, metadata=bearer(ada.token), timeout=TIMEOUT_S)
        assert refusal.fields == ["task.assignee_id"]


async def test_the_directory_is_for_services_alone(platform: Platform, ada: Person, bob: Person) -> None:
    path = "/unified.user.v1.DirectoryService/LookUpUsers"
    assert (await ada.post(path, {"keys": [bob.user["email"]]})).expect(404)["code"] == "route_not_found"
    assert path not in str((await ada.get("/openapi.json")).expect(200))
    async with platform.channel("user_svc", caller="task_svc") as channel:
        stub: Any = DirectoryServiceStub(channel)
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await stub.LookUpUsers(directory_pb.LookUpUsersRequest(keys=[bob.user["email"]]), timeout=TIMEOUT_S)
