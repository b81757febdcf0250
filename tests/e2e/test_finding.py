"""Finding tasks over REST: filters, words and order, as parameters of the list."""

from typing import Any

import pytest

from tests.e2e.rest import Person


async def titles(person: Person, query: str) -> list[str]:
    return [task["title"] for task in (await person.get(f"/api/tasks?{query}")).expect(200)["tasks"]]


async def test_tasks_are_found_by_what_they_are(ada: Person, bob: Person) -> None:
    await ada.creates(title="Write notes", labels=["release", "docs"], priority="low", dueTime="2030-01-01T00:00:00Z")
    await ada.creates(title="Ship it", labels=["release"], priority="urgent", status="in_progress", description="Notes apart")
    await ada.creates(title="Celebrate", dueTime="2030-02-01T00:00:00Z")
    await bob.creates(title="Write notes of mine")
    found = {
        "status=in_progress&status=DONE": ["Ship it"],
        "priority=low&priority=medium": ["Celebrate", "Write notes"],
        "label=release": ["Ship it", "Write notes"],
        "label=release&label=docs": ["Write notes"],
        "dueBefore=2030-02-01T00:00:00Z": ["Write notes"],
        "dueAfter=2030-01-31T23:00:00-01:00": ["Celebrate"],
        "q=NOTES": ["Ship it", "Write notes"],
        "q=notes%20write": ["Write notes"],
        "q=note": [],
        "orderBy=dueTime": ["Write notes", "Celebrate", "Ship it"],
        "orderBy=dueTime%20desc": ["Celebrate", "Write notes", "Ship it"],
        "orderBy=priority+desc": ["Ship it", "Celebrate", "Write notes"],
        "orderBy=createTime&q=notes&label=release&pageSize=2": ["Write notes", "Ship it"],
        "orderBy=updateTime%20desc": ["Celebrate", "Ship it", "Write notes"],
    }
    assert {query: await titles(ada, query) for query in found} == found


async def test_a_page_token_belongs_to_its_question(ada: Person) -> None:
    for priority in ("low", "medium", "high"):
        await ada.creates(title=f"Task of {priority} priority", priority=priority)
    first = (await ada.get("/api/tasks?q=task&orderBy=priority&pageSize=2")).expect(200)
    rest = {"q": "task", "orderBy": "priority", "pageToken": first["nextPageToken"]}
    assert [task["priority"] for task in (await ada.get("/api/tasks", params=rest)).expect(200)["tasks"]] == ["high"]
    for other in ({"q": "tasks"}, {"orderBy": "dueTime"}, {"status": "todo"}):
        refused = (await ada.get("/api/tasks", params={**rest, **other})).expect(400)
        assert refused["errors"][0]["parameter"] == "pageToken"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=doing", "status"),
        ("status=", "status"),
        ("priority=unspecified", "priority"),
        ("label=", "label"),
        ("dueBefore=tomorrow", "dueBefore"),
        ("q=...", "q"),
        ("q=a&q=b", "q"),
        ("orderBy=title", "orderBy"),
        ("sort=title", "sort"),
    ],
)
async def test_a_question_that_breaks_the_contract_is_refused(query: str, parameter: str, ada: Person) -> None:
    errors: list[dict[str, Any]] = (await ada.get(f"/api/tasks?{query}")).expect(400)["errors"]
    assert [error["parameter"] for error in errors] == [parameter]
