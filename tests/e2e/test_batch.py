"""Batches over REST: all or nothing, with the place of what is wrong."""

from io import BytesIO
from typing import Any

import orjson

from tests.e2e.rest import Answer, Person


async def batch(person: Person, *operations: Any, **options: Any) -> Answer:
    return await person.post("/api/tasks/batch", {"operations": operations}, **options)


async def test_a_batch_does_all_of_it_and_everyone_hears_of_it_once(ada: Person) -> None:
    kept, dropped = await ada.creates(title="Keep", dueTime="2030-01-01T00:00:00Z", labels=["a"]), await ada.creates()
    operations = [
        {"create": {"title": "New", "priority": "HIGH"}},
        {"update": {"id": kept["id"], "etag": kept["etag"], "status": "in_progress", "dueTime": None}},
        {"update": {"id": kept["id"]}},
        {"delete": {"id": dropped["id"], "etag": dropped["etag"]}},
    ]
    key = {"Idempotency-Key": "one-batch"}
    answer = await batch(ada, *operations, headers=key)
    made, changed, same, deleted = answer.expect(200)["results"]
    assert (made["task"]["title"], made["task"]["priority"]) == ("New", "high")
    expected = {**kept, "status": "in_progress", "etag": "2", "updateTime": changed["task"]["updateTime"]}
    del expected["dueTime"]
    assert changed == same == {"task": expected}
    assert deleted == {"deletedId": dropped["id"]}
    again = await batch(ada, *operations, headers=key)
    assert (again.expect(200), again.headers["Idempotency-Replayed"]) == (answer.json, "true")
    assert (await ada.get("/api/tasks")).expect(200)["tasks"] == [made["task"], expected]
    told = await ada.is_notified(5)
    assert sorted(each["type"] for each in told) == [*["task.created"] * 3, "task.deleted", "task.updated"]


async def test_a_failure_names_its_place_and_leaves_nothing(ada: Person, bob: Person) -> None:
    task, bobs = await ada.creates(status="cancelled"), await bob.creates()
    first = {"update": {"id": task["id"], "title": "changed"}}
    for operation, status, code, pointer in (
        ({"create": {"title": ""}}, 400, "invalid_argument", "/create/title"),
        ({"create": {"title": 1}}, 400, "invalid_argument", "/create/title"),
        ({"create": {"title": "x", "ownerId": "me"}}, 400, "invalid_argument", "/create/ownerId"),
        ({"update": {"id": task["id"], "title": None}}, 400, "invalid_argument", "/update/title"),
        ({"update": {"id": task["id"], "labels": ["ok", ""]}}, 400, "invalid_argument", "/update/labels/1"),
        ({"update": {"id": task["id"], "updateMask": "title"}}, 400, "invalid_argument", "/update/updateMask"),
        ({"update": {"title": "x"}}, 400, "invalid_argument", "/update/id"),
        ({}, 400, "invalid_argument", ""),
        ({"update": {"id": "nonsense", "title": "x"}}, 404, "task_not_found", "/update/id"),
        ({"update": {"id": bobs["id"], "title": "mine"}}, 404, "task_not_found", "/update/id"),
        ({"delete": {"id": bobs["id"]}}, 404, "task_not_found", "/delete/id"),
        ({"delete": {"id": task["id"], "etag": "7"}}, 412, "etag_mismatch", "/delete/etag"),
        ({"update": {"id": task["id"], "etag": task["etag"], "title": "x"}}, 412, "etag_mismatch", "/update/etag"),
        ({"update": {"id": task["id"], "status": "done"}}, 409, "illegal_transition", "/update/status"),
    ):
        problem = (await batch(ada, first, operation)).expect(status)
        assert (problem["code"], [error["pointer"] for error in problem["errors"]]) == (code, [f"/operations/1{pointer}"])
    for operations in ([], [first] * 101):
        problem = (await batch(ada, *operations)).expect(400)
        assert [error["pointer"] for error in problem["errors"]] == ["/operations"]
    assert (await ada.get("/api/tasks")).expect(200)["tasks"] == [task]
    assert (await bob.get(f"/api/tasks/{bobs['id']}")).expect(200) == bobs
    await ada.is_notified(1)


async def test_a_batch_may_be_large_but_not_larger(ada: Person) -> None:
    async def create_100(task: dict[str, Any]) -> Answer:
        body = orjson.dumps({"operations": [{"create": task}] * 100})
        return await ada.send("POST", "/api/tasks/batch", data=BytesIO(body), headers={"Content-Type": "application/json"})

    longest = {"title": "x", "description": "\N{PARTY POPPER}" * 10_000}
    results = (await create_100(longest)).expect(200)["results"]
    assert [result["task"]["description"] for result in results] == [longest["description"]] * 100
    labels = [f"{number:02}" + "\N{PARTY POPPER}" * 48 for number in range(20)]
    assert (await create_100({**longest, "labels": labels})).expect(413)["code"] == "body_too_large"
    await ada.is_notified(100)
