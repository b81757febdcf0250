"""Taking tasks out and in as files, over REST, as people do it with curl; and with the Python client."""

import csv
from io import BytesIO, StringIO

import orjson
import pytest
from unified_client import ApiError, Client

from tests.conformance import conformance
from tests.e2e.rest import Answer, Person

CSV = {"Content-Type": "text/csv"}
JSONL = {"Content-Type": "application/x-ndjson"}


async def download(person: Person, query: str) -> str:
    async with person.session.get(f"{person.base_url}/api/tasks/export{query}", headers=person.headers) as response:
        assert response.status == 200
        conformance().check("GET", "/api/tasks/export", response.status, response.headers, await response.read())
        return await response.text()


async def upload(person: Person, content: str, query: str = "", headers: dict[str, str] = CSV) -> Answer:
    return await person.send("POST", f"/api/tasks/import{query}", data=BytesIO(content.encode()), headers=headers)


async def test_a_thousand_tasks_go_out_as_a_stream_and_in_again(ada: Person, bob: Person) -> None:
    rows = [{"title": f"=task {n}", "description": "two\nlines", "labels": ["a", "b,c"], "priority": "high"} for n in range(1000)]
    lines = "".join(orjson.dumps(row).decode() + "\n" for row in rows)
    assert (await upload(ada, lines, "?format=jsonl", JSONL)).expect(200) == {"created": 1000, "skipped": 0, "problems": []}

    async with ada.session.get(f"{ada.base_url}/api/tasks/export?format=csv", headers=ada.headers) as response:
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["Content-Disposition"] == 'attachment; filename="tasks.csv"'
        table = (await response.read()).decode()
    cells = list(csv.DictReader(StringIO(table, newline="")))
    assert [each["title"] for each in cells] == [f"'{row['title']}" for row in rows]
    assert (await upload(bob, table)).expect(200)["created"] == 1000
    mine, theirs = [list(map(orjson.loads, (await download(person, "")).splitlines())) for person in (ada, bob)]
    own = ("id", "ownerId", "updateTime")
    assert [{**each, **dict.fromkeys(own)} for each in mine] == [{**each, **dict.fromkeys(own)} for each in theirs]
    assert {each["ownerId"] for each in theirs} == {bob.user["id"]}
    assert (await upload(bob, table)).expect(200) == {"created": 0, "skipped": 1000, "problems": []}


async def test_an_export_says_what_get_says_and_takes_the_lists_filters(ada: Person, bob: Person) -> None:
    task = await ada.creates(labels=["x"], dueTime="2030-01-01T00:00:00Z")
    await ada.creates(title="other")
    await bob.creates(title="of Bob", labels=["x"])
    (line,) = (await download(ada, "?label=x&q=ship&orderBy=dueTime")).splitlines()
    assert orjson.loads(line) == {name: value for name, value in task.items() if name != "etag"}
    assert (await ada.get("/api/tasks/export?format=xml")).expect(400)["errors"][0]["parameter"] == "format"


async def test_what_is_wrong_is_named_and_nothing_is_made(ada: Person) -> None:
    table = "title,dueTime,assigneeId\nfine,,\n,tomorrow,\n"
    refused = (await upload(ada, table)).expect(422)
    assert refused["code"] == "import_refused"
    assert [error["pointer"] for error in refused["errors"]] == ["/3/dueTime", "/3/title"]
    dry = (await upload(ada, table, "?dryRun=true")).expect(200)
    assert [(each["line"], each["column"]) for each in dry["problems"]] == [(3, "dueTime"), (3, "title")]
    nobody = (await upload(ada, "title,assigneeId\nx,nobody@example.com\n", "?dryRun=true")).expect(200)
    assert nobody["problems"] == [{"line": 2, "column": "assigneeId", "message": "is nobody's id or e-mail address"}]
    assert (await upload(ada, table, "?format=xml")).expect(400)["errors"][0]["parameter"] == "format"
    assert (await upload(ada, "")).expect(400)["errors"][0]["pointer"] == ""
    assert (await ada.get("/api/tasks")).expect(200) == {"tasks": []}


async def test_an_imported_task_is_assigned_and_told_of_once(ada: Person, bob: Person) -> None:
    table = f"title,assigneeId\nfor Bob,{bob.user['email'].upper()}\nfor nobody,\n"
    for created in (2, 0):
        assert (await upload(ada, table)).expect(200)["created"] == created
    assert [each["type"] for each in await ada.is_notified(2)] == ["task.created"] * 2
    (told,) = await bob.is_notified(1)
    (task,) = (await bob.get("/api/tasks")).expect(200)["tasks"]
    assert (told["taskId"], task["assigneeId"], task["ownerId"]) == (task["id"], bob.user["id"], ada.user["id"])


async def test_the_python_client_takes_files(ada: Person) -> None:
    async with Client(ada.base_url, token=ada.token) as client:
        done = await client.transfers.import_tasks(b"title,status\nx,done\ny,\n")
        assert (done.created, done.skipped) == (2, 0)
        file = b"".join([piece async for piece in client.transfers.export_tasks(format="csv", status=["done"])])
        (row,) = csv.DictReader(StringIO(file.decode(), newline=""))
        assert row["title"] == "x"
        with pytest.raises(ApiError) as raised:
            await client.transfers.import_tasks(b"colour\nred\n")
        assert raised.value.code == "import_refused"
