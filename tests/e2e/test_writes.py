"""Changing tasks over REST: nothing is lost, nothing that was not sent is changed, somebody else's stays hidden."""

import asyncio
from typing import Any

from tests.e2e.rest import Person


async def test_unsent_fields_stay_and_null_clears(ada: Person) -> None:
    task = await ada.creates(description="long", dueTime="2026-12-24T18:00:00+01:00", labels=["a", "b"], priority="URGENT")
    assert (task["dueTime"], task["priority"]) == ("2026-12-24T17:00:00Z", "urgent")
    for send in (ada.put, ada.patch):
        changed = (await send(f"/api/tasks/{task['id']}", {"title": "New"})).expect(200)
        assert {**changed, "title": "", "updateTime": "", "etag": ""} == {**task, "title": "", "updateTime": "", "etag": ""}
    cleared = (await ada.patch(f"/api/tasks/{task['id']}", {"dueTime": None, "labels": None, "description": None})).expect(200)
    assert "dueTime" not in cleared
    assert (cleared["labels"], cleared["description"]) == ([], "")
    assert (cleared["title"], cleared["priority"]) == ("New", "urgent")


async def test_a_write_based_on_a_stale_read_is_refused(ada: Person) -> None:
    task = await ada.creates()
    read = f'"{task["etag"]}"'
    (await ada.put(f"/api/tasks/{task['id']}", {"title": "First"}, headers={"If-Match": read})).expect(200)
    for send in (ada.put, ada.patch):
        late = await send(f"/api/tasks/{task['id']}", {"title": "Second"}, headers={"If-Match": read})
        assert late.expect(412)["code"] == "etag_mismatch"
    assert (await ada.delete(f"/api/tasks/{task['id']}", headers={"If-Match": read})).expect(412)["code"] == "etag_mismatch"
    assert (await ada.get(f"/api/tasks/{task['id']}")).expect(200)["title"] == "First"


async def test_a_change_that_changes_nothing_is_not_announced(ada: Person) -> None:
    task = await ada.creates()
    same = await ada.put(f"/api/tasks/{task['id']}", {"title": task["title"], "status": "todo"})
    assert same.expect(200) == task
    await ada.put(f"/api/tasks/{task['id']}", {"title": "Other"})
    assert [each["type"] for each in await ada.is_notified(2)] == ["task.updated", "task.created"]


async def test_parallel_changes_of_different_fields_are_all_kept(ada: Person) -> None:
    task = await ada.creates()
    path = f"/api/tasks/{task['id']}"
    wanted: dict[str, Any] = {"title": "T", "description": "D", "priority": "low", "status": "in_progress", "labels": ["l"]}
    changes = [{name: value} for name, value in wanted.items()]
    for answer in await asyncio.gather(*(ada.patch(path, change) for change in changes)):
        answer.expect(200)
    end = (await ada.get(path)).expect(200)
    assert {name: end[name] for name in wanted} == wanted
    await ada.is_notified(6)


async def test_of_many_writers_who_read_the_same_one_wins(ada: Person) -> None:
    task = await ada.creates()
    headers = {"If-Match": f'"{task["etag"]}"'}
    answers = await asyncio.gather(
        *(ada.put(f"/api/tasks/{task['id']}", {"title": f"Writer {n}"}, headers=headers) for n in range(10))
    )
    assert sorted(answer.status for answer in answers) == [200, *[412] * 9]
    await ada.is_notified(2)


async def test_somebody_elses_task_does_not_exist(ada: Person, bob: Person) -> None:
    task = await ada.creates()
    path = f"/api/tasks/{task['id']}"
    answers = [
        await bob.get(path),
        await bob.put(path, {"title": "Mine"}),
        await bob.patch(path, {"title": "Mine"}),
        await bob.delete(path),
    ]
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(404, "task_not_found")] * 4
    assert (await bob.get("/api/tasks")).expect(200) == {"tasks": []}
    assert (await ada.get(path)).expect(200) == task
    await ada.is_notified(1)
    assert await bob.notifications() == []


async def test_a_key_makes_a_repeated_request_harmless(ada: Person) -> None:
    headers = {"Idempotency-Key": "of this test".replace(" ", "-")}
    first = await ada.post("/api/tasks", {"title": "Once"}, headers=headers)
    again = await ada.post("/api/tasks", {"title": "Once"}, headers=headers)
    assert again.expect(201) == first.expect(201)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await ada.post("/api/tasks", {"title": "Twice"}, headers=headers)
    assert other.expect(422)["code"] == "idempotency_key_reused"
    task = first.json
    for _ in range(2):
        deleted = await ada.delete(f"/api/tasks/{task['id']}", headers={"Idempotency-Key": "delete"})
        deleted.expect(204)
    assert len((await ada.get("/api/tasks")).expect(200)["tasks"]) == 0
    assert [each["type"] for each in await ada.is_notified(2)] == ["task.deleted", "task.created"]
    bad = await ada.post("/api/tasks", {"title": "x"}, headers={"Idempotency-Key": "two words"})
    assert bad.expect(400)["errors"][0]["parameter"] == "Idempotency-Key"


async def test_pages_hold_every_task_once(ada: Person) -> None:
    made = await asyncio.gather(*(ada.creates(title=f"Task {number}") for number in range(45)))
    seen: list[str] = []
    page = (await ada.get("/api/tasks?pageSize=20")).expect(200)
    while True:
        seen += [task["id"] for task in page["tasks"]]
        if "nextPageToken" not in page:
            break
        await ada.creates(title="In between")
        page = (await ada.get("/api/tasks", params={"pageSize": 20, "pageToken": page["nextPageToken"]})).expect(200)
    assert len(seen) == 45
    assert set(seen) == {task["id"] for task in made}
    foreign = (await ada.get("/api/tasks?pageSize=20")).expect(200)["nextPageToken"]
    assert (await ada.get("/api/notifications", params={"pageToken": foreign})).expect(400)["errors"][0][
        "parameter"
    ] == "pageToken"


async def test_a_page_of_the_longest_tasks_can_be_read(ada: Person) -> None:
    longest = {"title": "\N{PARTY POPPER}" * 200, "description": "\N{PARTY POPPER}" * 10_000}
    labels = ["\N{PARTY POPPER}" * 48 + f"{number:02}" for number in range(20)]
    for _ in range(10):
        await asyncio.gather(*(ada.creates(**longest, labels=labels) for _ in range(10)))
    page = (await ada.get("/api/tasks?pageSize=100")).expect(200)
    assert len(page["tasks"]) == 100
