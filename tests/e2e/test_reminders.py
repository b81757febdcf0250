"""Reminders and due times over REST: those whom a task concerns are told, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.rest import Client, Person


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_who_has_a_task_that_is_due_is_told_before_and_then(ada: Person, bob: Person, visitor: Client) -> None:
    eve, due_time = await visitor.sign_up("Eve"), in_seconds(7)
    task = await ada.creates(dueTime=due_time, reminders=[{"before": "5s"}], assigneeId=bob.user["id"])
    for person, whose in ((ada, "Bob"), (bob, "you")):
        told = await person.is_notified(3)
        assert [(each["type"], each["title"], each["body"]) for each in told] == [
            ("task.overdue", "‘Ship it’ is overdue", f"Due {due_time[:19]}Z"),
            ("task.due_soon", "‘Ship it’ is due soon", f"Due {due_time[:19]}Z"),
            ("task.created", f"Ada created ‘Ship it’ for {whose}", ""),
        ]
        assert [(each["taskId"], each["actorId"]) for each in told[:2]] == [(task["id"], "")] * 2
        assert told[0]["createTime"] >= due_time > told[1]["createTime"]
        of_type = (await person.get("/api/notifications?type=task.due_soon")).expect(200)["notifications"]
        assert of_type == [told[1]]
        why = (await person.get(f"/api/notifications/explain?eventId={told[0]['eventId']}")).expect(200)
        assert why["outcome"] == "notified"
    assert await eve.notifications() == []
    assert (await ada.get(f"/api/tasks/{task['id']}")).expect(200) == task


async def test_who_does_not_want_to_be_reminded_is_not(ada: Person) -> None:
    off = {"types": [{"type": "task.due_soon", "inbox": False}], "ownActions": False}
    (await ada.put("/api/notifications/preferences", off)).expect(200)
    await ada.creates(dueTime=in_seconds(5), reminders=[{"before": "3600s"}])
    (told,) = await ada.is_notified(1)
    assert told["type"] == "task.overdue"


async def test_reminders_are_replaced_kept_and_cleared(ada: Person) -> None:
    reminders = [{"before": "3600s"}, {"at": "2030-01-31T12:00:00.500Z"}, {"before": "1.500s"}]
    task = await ada.creates(reminders=reminders)
    assert task["reminders"] == reminders
    path = f"/api/tasks/{task['id']}"
    assert (await ada.patch(path, {"title": "Ship it now"})).expect(200)["reminders"] == reminders
    assert (await ada.put(path, {"reminders": [{"before": "0s"}]})).expect(200)["reminders"] == [{"before": "0s"}]
    assert (await ada.patch(path, {"reminders": None})).expect(200)["reminders"] == []
    assert (await ada.patch(path, {"reminders": []})).expect(200)["etag"] == "4"
    assert (await ada.get(path)).expect(200)["reminders"] == []


@pytest.mark.parametrize(
    ("reminders", "pointer"),
    [
        ([{"before": "3600s"}] * 11, "/reminders"),
        ([{"before": "3600s"}, {}], "/reminders/1"),
        ([{"before": "1s", "at": "2030-01-31T12:00:00Z"}], "/reminders/0"),
        ([{"before": "-1s"}], "/reminders/0/before"),
        ([{"before": "31536001s"}], "/reminders/0/before"),
        ([{"before": 3600}], "/reminders/0/before"),
        ([{"at": "tomorrow"}], "/reminders/0/at"),
        ([{"after": "1s"}], "/reminders/0/after"),
        ([None], "/reminders/0"),
        ({"before": "1s"}, "/reminders"),
    ],
)
async def test_what_is_no_reminder_is_pointed_at(reminders: Any, pointer: str, ada: Person) -> None:
    problem = (await ada.post("/api/tasks", {"title": "Ship it", "reminders": reminders})).expect(400)
    assert (problem["code"], [each["pointer"] for each in problem["errors"]]) == ("invalid_argument", [pointer])


async def test_a_batch_may_set_reminders(ada: Person) -> None:
    task = await ada.creates()
    changes = [{"update": {"id": task["id"], "reminders": [each]}} for each in ({"before": "60s"}, {"before": "90s"})]
    results = (await ada.post("/api/tasks/batch", {"operations": changes})).expect(200)["results"]
    assert [each["task"]["reminders"] for each in results] == [[{"before": "60s"}], [{"before": "90s"}]]
    problem = (await ada.post("/api/tasks/batch", {"operations": [{"create": {"title": "a", "reminders": [{}]}}]})).expect(400)
    assert [each["pointer"] for each in problem["errors"]] == ["/operations/0/create/reminders/0"]
