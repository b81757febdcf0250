"""Bringing deleted tasks back over REST."""

from tests.e2e.rest import Person


async def test_a_deleted_task_is_restored_and_its_owner_is_told(ada: Person, bob: Person) -> None:
    task = await ada.creates(labels=["a"])
    path = f"/api/tasks/{task['id']}"
    (await ada.delete(path)).expect(204)
    assert (await bob.post(f"{path}/restore")).expect(404)["code"] == "task_not_found"
    answer = await ada.post(f"{path}/restore")
    restored = answer.expect(200)
    assert restored == {**task, "updateTime": restored["updateTime"], "etag": "3"}
    assert answer.headers["ETag"] == '"3"'
    assert (await ada.get("/api/tasks?label=a")).expect(200)["tasks"] == [restored]
    assert (await ada.post(f"{path}/restore")).expect(200) == restored
    told = await ada.is_notified(3)
    assert [each["type"] for each in told] == ["task.restored", "task.deleted", "task.created"]
    assert await bob.notifications() == []


async def test_a_restoration_under_a_key_happens_once(ada: Person) -> None:
    task = await ada.creates()
    path, headers = f"/api/tasks/{task['id']}", {"Idempotency-Key": "restore-1"}
    (await ada.delete(path)).expect(204)
    first = (await ada.post(f"{path}/restore", headers=headers)).expect(200)
    (await ada.delete(path)).expect(204)
    again = await ada.post(f"{path}/restore", headers=headers)
    assert again.expect(200) == first
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await ada.get(path)).status == 404


async def test_a_restoration_has_no_body_and_needs_a_task(ada: Person) -> None:
    task = await ada.creates()
    assert (await ada.post(f"/api/tasks/{task['id']}/restore", {"title": "x"})).expect(400)["code"] == "invalid_argument"
    assert (await ada.post("/api/tasks/665f1f77bcf86cd799439021/restore")).expect(404)["code"] == "task_not_found"
    assert (await ada.get(f"/api/tasks/{task['id']}/restore")).expect(405)["code"] == "method_not_allowed"
