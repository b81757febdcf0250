"""Commenting on tasks over REST: what everybody concerned sees, hears of and may do; and the same over gRPC."""

from typing import Any

import grpc
import orjson
import pytest
from google.protobuf.json_format import MessageToDict
from unified.error.v1 import reason_pb2
from unified.task.v1 import comment_service_pb2 as pb
from unified.task.v1.comment_service_pb2_grpc import CommentServiceStub

from mesh.errors import from_rpc_error
from tests.callers import bearer
from tests.e2e.rest import Person
from tests.platform import Platform

NOWHERE = "0" * 24


@pytest.fixture
async def task(ada: Person, bob: Person) -> dict[str, Any]:
    """Ada's, which Bob is to do."""
    return await ada.creates(title="Ship it", assigneeId=bob.user["id"])


def path_of(task: dict[str, Any]) -> str:
    return f"/api/tasks/{task['id']}/comments"


async def test_a_comment_is_written_found_and_told(ada: Person, bob: Person, task: dict[str, Any]) -> None:
    answer = await bob.post(path_of(task), {"body": "Who tells\nthem?"})
    comment = answer.expect(201)
    assert comment == {
        "id": comment["id"],
        "taskId": task["id"],
        "authorId": bob.user["id"],
        "body": "Who tells\nthem?",
        "createTime": comment["createTime"],
        "updateTime": comment["createTime"],
        "etag": "1",
    }
    place = answer.headers["Location"]
    assert place == f"{path_of(task)}/{comment['id']}"
    found = await ada.get(place)
    assert (found.expect(200), found.headers["ETag"]) == (comment, '"1"')

    told, _ = await ada.is_notified(2)
    assert (told["type"], told["title"], told["body"]) == ("task.commented", "Bob commented on ‘Ship it’", "Who tells them?")
    assert (told["taskId"], told["actorId"], told["createTime"]) == (task["id"], bob.user["id"], comment["createTime"])
    own, _ = await bob.is_notified(2)
    assert (own["eventId"], own["title"]) == (told["eventId"], told["title"])
    only = (await ada.get("/api/notifications?type=task.commented")).expect(200)["notifications"]
    assert only == [told]
    why = (await ada.get("/api/notifications/explain", params={"eventId": told["eventId"]})).expect(200)
    assert (why["outcome"], why["notificationId"]) == ("notified", told["id"])
    types = (await ada.get("/api/notifications/preferences")).expect(200)["types"]
    assert {"type": "task.commented", "inbox": True} in types


async def test_whom_the_task_no_longer_concerns_neither_reads_nor_hears(ada: Person, bob: Person, task: dict[str, Any]) -> None:
    comment = (await bob.post(path_of(task), {"body": "mine"})).expect(201)
    place = f"{path_of(task)}/{comment['id']}"
    (await ada.patch(f"/api/tasks/{task['id']}", {"assigneeId": None})).expect(200)
    (await ada.post(path_of(task), {"body": "among us"})).expect(201)
    answers = [
        await bob.get(path_of(task)),
        await bob.post(path_of(task), {"body": "still here"}),
        await bob.get(place),
        await bob.patch(place, {"body": "still mine"}),
        await bob.delete(place),
    ]
    assert [answer.expect(404)["code"] for answer in answers] == ["task_not_found"] * 5
    await ada.is_notified(4)
    assert [each["type"] for each in await bob.is_notified(3)] == ["task.updated", "task.commented", "task.created"]


async def test_a_conversation_is_read_page_by_page_oldest_first(ada: Person, bob: Person, task: dict[str, Any]) -> None:
    said = [(await (ada, bob)[number % 2].post(path_of(task), {"body": f"{number}"})).expect(201) for number in range(5)]
    first = (await ada.get(f"{path_of(task)}?pageSize=3")).expect(200)
    assert first["comments"] == said[:3]
    rest = (await bob.get(path_of(task), params={"pageSize": 3, "pageToken": first["nextPageToken"]})).expect(200)
    assert rest == {"comments": said[3:]}


async def test_an_author_changes_and_deletes_what_was_read(ada: Person, bob: Person, task: dict[str, Any]) -> None:
    comment = (await bob.post(path_of(task), {"body": "first"})).expect(201)
    place = f"{path_of(task)}/{comment['id']}"
    answer = await bob.patch(place, {"body": "second"}, headers={"If-Match": '"1"'})
    changed = answer.expect(200)
    assert changed == {**comment, "body": "second", "updateTime": changed["updateTime"], "etag": "2"}
    assert answer.headers["ETag"] == '"2"'
    for late in (
        await bob.patch(place, {"body": "x"}, headers={"If-Match": '"1"'}),
        await bob.delete(place, headers={"If-Match": '"1"'}),
    ):
        assert late.expect(412)["code"] == "etag_mismatch"
    for not_hers in (await ada.patch(place, {"body": "x"}), await ada.delete(place)):
        assert not_hers.expect(403)["code"] == "permission_denied"
    assert (await ada.get(place)).expect(200) == changed
    (await bob.delete(place)).expect(204)
    assert (await bob.delete(place)).expect(404)["code"] == "comment_not_found"
    assert (await ada.get(path_of(task))).expect(200) == {"comments": []}
    # Neither the change nor the deletion was told.
    assert [each["type"] for each in await ada.is_notified(2)] == ["task.commented", "task.created"]


async def test_a_comment_under_a_key_is_one(ada: Person, task: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "comment-1"}
    first = (await ada.post(path_of(task), {"body": "once"}, headers=key)).expect(201)
    again = await ada.post(path_of(task), {"body": "once"}, headers=key)
    assert (again.expect(201), again.headers["Idempotency-Replayed"]) == (first, "true")
    assert (await ada.post(path_of(task), {"body": "twice"}, headers=key)).expect(422)["code"] == "idempotency_key_reused"
    assert (await ada.get(path_of(task))).expect(200) == {"comments": [first]}
    await ada.is_notified(2)


@pytest.mark.parametrize(
    ("method", "body", "where"),
    [
        ("POST", {}, "/body"),
        ("POST", {"body": ""}, "/body"),
        ("POST", {"body": "x" * 10_001}, "/body"),
        ("POST", {"body": 7}, "/body"),
        ("POST", {"body": "x", "authorId": NOWHERE}, "/authorId"),
        ("POST", {"text": "x"}, "/text"),
        ("PATCH", {"body": None}, "/body"),
        ("PATCH", {"taskId": NOWHERE}, "/taskId"),
    ],
)
async def test_bad_input_is_pointed_at(method: str, body: Any, where: str, ada: Person, task: dict[str, Any]) -> None:
    comment = (await ada.post(path_of(task), {"body": "here"})).expect(201)
    path = path_of(task) if method == "POST" else f"{path_of(task)}/{comment['id']}"
    problem = (await ada.send(method, path, body)).expect(400)
    assert [each["pointer"] for each in problem["errors"]] == [where]


async def test_rest_and_grpc_answer_the_same(platform: Platform, ada: Person, bob: Person, task: dict[str, Any]) -> None:
    comment = (await bob.post(path_of(task), {"body": "hello"})).expect(201)
    carol = await ada.sign_up("Carol")
    paths = {
        (task["id"], comment["id"]): f"{path_of(task)}/{comment['id']}",
        (task["id"], NOWHERE): f"{path_of(task)}/{NOWHERE}",
        (NOWHERE, comment["id"]): f"/api/tasks/{NOWHERE}/comments/{comment['id']}",
    }
    outcomes = []
    async with platform.channel("task_svc") as channel:
        stub: Any = CommentServiceStub(channel)
        for person in (ada, bob, carol):
            for (task_id, comment_id), path in paths.items():
                ids = {"task_id": task_id, "id": comment_id, "etag": "9"}
                read, write = pb.GetCommentRequest(task_id=task_id, id=comment_id), pb.DeleteCommentRequest(**ids)
                for call, request, answer in (
                    (stub.GetComment, read, await person.get(path)),
                    (stub.DeleteComment, write, await person.delete(path, headers={"If-Match": '"9"'})),
                ):
                    outcomes.append(answer.json.get("code", "ok"))
                    assert await over_grpc(call(request, metadata=bearer(person.token), timeout=10)) == answer.json.get(
                        "code", answer.json
                    )
    not_found, hidden = ["comment_not_found"] * 2, ["task_not_found"] * 2
    assert outcomes == [
        *("ok", "permission_denied", *not_found, *hidden),
        *("ok", "etag_mismatch", *not_found, *hidden),
        *(hidden * 3),
    ]


async def over_grpc(call: Any) -> Any:
    """The resource as JSON, or the code of the failure."""
    try:
        return orjson.loads(orjson.dumps(MessageToDict((await call).comment)))
    except grpc.aio.AioRpcError as error:
        return reason_pb2.Reason.Name(from_rpc_error(error).reason).removeprefix("REASON_").lower()
