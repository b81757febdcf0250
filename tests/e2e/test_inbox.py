"""Working through one's notifications over REST."""

from typing import Any

from tests.e2e.rest import Person

INBOX = "/api/notifications"
UNKNOWN = ("665f1f77bcf86cd799439031", "nonsense")


async def told_of(person: Person, count: int) -> list[dict[str, Any]]:
    """So many notifications, each of another task, newest first."""
    for number in range(count):
        await person.creates(title=f"Task {number}")
    return await person.is_notified(count)


async def listed(person: Person, **filters: Any) -> list[str]:
    page = (await person.get(INBOX, params=filters)).expect(200)
    return [each["id"] for each in page["notifications"]]


async def counts(person: Person) -> tuple[int, int]:
    count = (await person.get(f"{INBOX}/unread-count")).expect(200)
    assert set(count) == {"unread", "unseen"}
    return count["unread"], count["unseen"]


async def test_titles_say_who_did_what_to_which_task(ada: Person) -> None:
    task = await ada.creates()
    await ada.patch(f"/api/tasks/{task['id']}", {"status": "done"})
    await ada.patch(f"/api/tasks/{task['id']}", {"labels": ["a"]})
    await ada.delete(f"/api/tasks/{task['id']}")
    told = await ada.is_notified(4)
    assert [(each["title"], each["body"]) for each in told] == [
        ("Ada deleted ‘Ship it’", ""),
        ("Ada changed ‘Ship it’", "Changed: labels"),
        ("Ada moved ‘Ship it’ to done", "Changed: status"),
        ("Ada created ‘Ship it’", ""),
    ]
    assert {(each["taskId"], each["actorId"]) for each in told} == {(task["id"], ada.user["id"])}


async def test_a_notification_is_read_archived_and_brought_back(ada: Person) -> None:
    first, second, third = await told_of(ada, 3)
    path = f"{INBOX}/{second['id']}"
    assert await counts(ada) == (3, 3)

    read = (await ada.post(f"{path}/read")).expect(200)
    assert read == {**second, "seenTime": read["readTime"], "readTime": read["readTime"]}
    assert (await ada.post(f"{path}/read")).expect(200) == read
    assert await counts(ada) == (2, 2)
    assert await listed(ada, state="unread") == [first["id"], third["id"]]
    assert await listed(ada, state="read") == [second["id"]]

    archived = (await ada.post(f"{path}/archive")).expect(200)
    assert archived == {**read, "archiveTime": archived["archiveTime"]}
    assert (await ada.post(f"{path}/archive")).expect(200) == archived
    assert await listed(ada, state="ARCHIVED") == [second["id"]]
    assert await listed(ada) == [first["id"], third["id"]]

    assert (await ada.post(f"{path}/unarchive")).expect(200) == read
    assert (await ada.post(f"{path}/unread")).expect(200) == {**second, "seenTime": read["seenTime"]}
    assert await listed(ada, state="unread") == [first["id"], second["id"], third["id"]]
    assert await counts(ada) == (3, 2)


async def test_all_are_marked_at_once_or_up_to_one(ada: Person) -> None:
    told = await told_of(ada, 4)
    assert (await ada.post(f"{INBOX}/seen-all", {"through": told[1]["id"]})).expect(200) == {"changed": 3}
    assert await counts(ada) == (4, 1)
    assert (await ada.post(f"{INBOX}/seen-all", {})).expect(200) == {"changed": 1}
    assert (await ada.post(f"{INBOX}/read-all", {"through": told[2]["id"]})).expect(200) == {"changed": 2}
    assert await listed(ada, state="unread") == [each["id"] for each in told[:2]]
    # Without a body as well.
    assert (await ada.post(f"{INBOX}/read-all")).expect(200) == {"changed": 2}
    assert (await ada.post(f"{INBOX}/read-all")).expect(200) == {"changed": 0}
    assert await counts(ada) == (0, 0)


async def test_what_is_deleted_is_gone(ada: Person) -> None:
    first, second = await told_of(ada, 2)
    assert (await ada.delete(f"{INBOX}/{first['id']}")).expect(204) is None
    assert await listed(ada) == [second["id"]]
    assert await counts(ada) == (1, 1)
    assert (await ada.delete(f"{INBOX}/{first['id']}")).expect(404)["code"] == "notification_not_found"
    why = (await ada.get(f"{INBOX}/explain", params={"eventId": first["eventId"]})).expect(200)
    assert (why["outcome"], why["notificationId"]) == ("deleted", "")


async def test_types_can_be_asked_for(ada: Person) -> None:
    task = await ada.creates()
    await ada.patch(f"/api/tasks/{task['id']}", {"title": "Other"})
    updated, created = [each["id"] for each in await ada.is_notified(2)]
    assert await listed(ada, type="task.updated") == [updated]
    assert await listed(ada, type="task.deleted") == []
    both = (await ada.get(f"{INBOX}?type=task.updated&type=task.created&state=unread")).expect(200)
    assert [each["id"] for each in both["notifications"]] == [updated, created]


async def test_who_does_not_want_to_hear_of_it_does_not(ada: Person) -> None:
    everything = (await ada.get(f"{INBOX}/preferences")).expect(200)
    assert {each["type"]: each["inbox"] for each in everything["types"]}["task.created"] is True
    assert everything["ownActions"] is True
    wanted = {"types": [{"type": "task.updated", "inbox": False}]}
    set_to = (await ada.put(f"{INBOX}/preferences", wanted)).expect(200)
    assert (await ada.get(f"{INBOX}/preferences")).expect(200) == set_to
    assert [each["type"] for each in set_to["types"] if not each["inbox"]] == ["task.updated"]

    task = await ada.creates()
    await ada.patch(f"/api/tasks/{task['id']}", {"title": "Other"})
    await ada.delete(f"/api/tasks/{task['id']}")
    assert [each["type"] for each in await ada.is_notified(2)] == ["task.deleted", "task.created"]
    assert (await ada.put(f"{INBOX}/preferences", {"types": None})).expect(200) == everything


async def test_preferences_are_changed_field_by_field(ada: Person) -> None:
    read = await ada.get(f"{INBOX}/preferences")
    wanted = {"types": [{"type": "task.updated", "inbox": False}]}
    types = (await ada.put(f"{INBOX}/preferences", wanted)).expect(200)["types"]
    for send, own_actions in ((ada.put, False), (ada.patch, True)):
        changed = await send(f"{INBOX}/preferences", {"ownActions": own_actions})
        assert (changed.expect(200)["types"], changed.json["ownActions"]) == (types, own_actions)
        assert (await send(f"{INBOX}/preferences", {})).expect(200) == changed.json
    stale, now = ({"headers": {"If-Match": each.headers["ETag"]}} for each in (read, changed))
    assert (await ada.patch(f"{INBOX}/preferences", wanted, **stale)).expect(412)["code"] == "etag_mismatch"
    assert (await ada.put(f"{INBOX}/preferences", {"types": None}, **now)).expect(200) == read.json
    known = {"headers": {"If-None-Match": read.headers["ETag"]}}
    (await ada.get(f"{INBOX}/preferences", **known)).expect(304)


async def test_why_is_told_to_those_concerned(ada: Person, bob: Person) -> None:
    (told,) = await told_of(ada, 1)
    ask = {"params": {"eventId": told["eventId"]}}
    answer = (await ada.get(f"{INBOX}/explain", **ask)).expect(200)
    assert (answer["outcome"], answer["notificationId"]) == ("notified", told["id"])
    assert answer["explanation"]
    assert (await bob.get(f"{INBOX}/explain", **ask)).expect(200)["outcome"] == "not_concerned"


async def test_somebody_elses_notification_does_not_exist(ada: Person, bob: Person) -> None:
    (told,) = await told_of(ada, 1)
    for notification_id in (told["id"], *UNKNOWN):
        path = f"{INBOX}/{notification_id}"
        answers = [await bob.post(f"{path}/{what}") for what in ("read", "unread", "archive", "unarchive")]
        answers.append(await bob.delete(path))
        answers += [await bob.post(f"{INBOX}/{what}", {"through": notification_id}) for what in ("read-all", "seen-all")]
        assert [(answer.status, answer.json["code"]) for answer in answers] == [(404, "notification_not_found")] * 7
    assert await listed(ada, state="unread") == [told["id"]]
    assert await counts(ada) == (1, 1)


async def test_what_is_wrong_is_named(ada: Person) -> None:
    for parameters, name in (
        ({"state": "deleted"}, "state"),
        ({"state": ""}, "state"),
        ({"type": "task.exploded"}, "type"),
        ({"colour": "red"}, "colour"),
    ):
        problem = (await ada.get(INBOX, params=parameters)).expect(400)
        assert [each["parameter"] for each in problem["errors"]] == [name]
    assert (await ada.get(f"{INBOX}/explain")).expect(400)["errors"][0]["parameter"] == "eventId"
    for body, pointer in (
        ({"types": [{"type": "task.created"}, {"type": "task.exploded"}]}, "/types/1/type"),
        ({"types": [{"inbox": False}]}, "/types/0/type"),
        ({"types": [{"type": "task.created", "inbox": "no"}]}, "/types/0/inbox"),
        ({"own": True}, "/own"),
    ):
        problem = (await ada.put(f"{INBOX}/preferences", body)).expect(400)
        assert [each["pointer"] for each in problem["errors"]] == [pointer]
    assert (await ada.post(f"{INBOX}/read-all", {"until": "x"})).expect(400)["errors"][0]["pointer"] == "/until"
    (await ada.post(f"{INBOX}/{UNKNOWN[0]}/read", {"id": "x"})).expect(400)


async def test_a_key_makes_a_repeated_request_harmless(ada: Person) -> None:
    (told,) = await told_of(ada, 1)
    headers = {"Idempotency-Key": "of-this-test"}
    first = await ada.post(f"{INBOX}/read-all", headers=headers)
    await ada.post(f"{INBOX}/{told['id']}/unread")
    again = await ada.post(f"{INBOX}/read-all", headers=headers)
    assert first.expect(200) == again.expect(200) == {"changed": 1}
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await counts(ada) == (1, 0)
