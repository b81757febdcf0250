"""The history of a task over REST."""

from tests.e2e.rest import Person


async def test_a_history_says_who_changed_what(ada: Person, bob: Person) -> None:
    task = await ada.creates(title="Ship it")
    path = f"/api/tasks/{task['id']}"
    changed = (await ada.patch(path, {"status": "in_progress", "dueTime": "2030-01-01T00:00:00Z"})).expect(200)
    (await ada.delete(path)).expect(204)
    entries = (await ada.get(f"{path}/history")).expect(200)["entries"]
    assert [(entry["type"], entry["version"], entry["actorId"]) for entry in entries] == [
        ("task.deleted", 3, ada.user["id"]),
        ("task.updated", 2, ada.user["id"]),
        ("task.created", 1, ada.user["id"]),
    ]
    assert entries[1]["time"] == changed["updateTime"]
    assert sorted(entries[1]["changes"], key=lambda change: str(change["field"])) == [
        {"field": "dueTime", "before": "", "after": "2030-01-01T00:00:00Z"},
        {"field": "status", "before": "todo", "after": "in_progress"},
    ]
    told = await ada.is_notified(3)
    assert [each["eventId"] for each in told] == [entry["eventId"] for entry in entries]

    first = (await ada.get(f"{path}/history?pageSize=2")).expect(200)
    assert first["entries"] == entries[:2]
    rest = {"pageSize": 2, "pageToken": first["nextPageToken"]}
    assert (await ada.get(f"{path}/history", params=rest)).expect(200) == {"entries": entries[2:]}

    assert (await bob.get(f"{path}/history")).expect(404)["code"] == "task_not_found"
    assert (await ada.get("/api/tasks/nonsense/history")).expect(404)["code"] == "task_not_found"
    assert (await ada.get(f"{path}/history?pageSize=0")).expect(400)["errors"][0]["parameter"] == "pageSize"
