"""Writing, reading, changing and deleting comments, over gRPC: by whom the task concerns, and each his or her own."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.task.v1 import comment_pb2, task_pb2
from unified.task.v1 import comment_service_pb2 as pb

from mesh.mongo import Document
from tests.callers import signed_in
from tests.integration.task_svc.comments.commenter import NOWHERE, TIMEOUT_S, Commenter
from tests.integration.task_svc.person import Person
from tests.refusals import refused

BODY = "Who tells\n\N{PARTY POPPER} them?"


async def test_a_comment_reads_back_as_it_was_written(owner: Commenter, member: Commenter, task: task_pb2.Task) -> None:
    before = datetime.now(UTC)
    comment = await member.says(task.id, BODY)
    assert (comment.task_id, comment.author_id, comment.body, comment.etag) == (task.id, member.user_id, BODY, "1")
    assert len(comment.id) == 24
    assert comment.create_time == comment.update_time
    assert abs(comment.create_time.ToDatetime(UTC) - before).total_seconds() < TIMEOUT_S
    for reader in (owner, member):
        assert await reader.get(task.id, comment.id) == comment
        assert list((await reader.page(task.id)).comments) == [comment]
    # Whoever spells ids in upper case means the same.
    assert await owner.get(task.id.upper(), comment.id.upper()) == comment


async def test_an_author_changes_a_comment(owner: Commenter, member: Commenter, task: task_pb2.Task) -> None:
    comment = await member.says(task.id)
    changed = await member.changes(comment, body="Who tells them, and when?")
    expected = comment_pb2.Comment(body="Who tells them, and when?", etag="2", update_time=changed.update_time)
    merged = comment_pb2.Comment()
    merged.CopyFrom(comment)
    merged.MergeFrom(expected)
    assert changed == merged
    assert changed.update_time.ToMilliseconds() >= comment.update_time.ToMilliseconds()
    assert await owner.get(task.id, comment.id) == changed
    # What changes nothing leaves everything as it is.
    assert await member.changes(comment, body=changed.body) == changed
    assert await member.changes(comment) == changed


async def test_a_change_based_on_a_stale_read_is_refused(owner: Commenter, task: task_pb2.Task) -> None:
    comment = await owner.says(task.id)
    changed = await owner.changes(comment, comment.etag, body="new")
    for call in (owner.changes(comment, comment.etag, body="newer"), owner.deletes(comment, comment.etag)):
        with refused(reason_pb2.REASON_ETAG_MISMATCH):
            await call
    assert await owner.get(task.id, comment.id) == changed
    await owner.deletes(comment, changed.etag)


async def test_of_many_changes_at_once_each_makes_a_version(owner: Commenter, task: task_pb2.Task) -> None:
    comment = await owner.says(task.id)
    changed = await asyncio.gather(*(owner.changes(comment, body=f"version {number}") for number in range(5)))
    assert sorted(each.etag for each in changed) == ["2", "3", "4", "5", "6"]
    (last,) = (each for each in changed if each.etag == "6")
    assert await owner.get(task.id, comment.id) == last


async def test_a_deleted_comment_is_gone(owner: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]) -> None:
    comment, other = await owner.says(task.id, "secret"), await owner.says(task.id)
    await owner.deletes(comment)
    assert list((await owner.page(task.id)).comments) == [other]
    for call in (owner.get(task.id, comment.id), owner.changes(comment, body="back"), owner.deletes(comment)):
        with refused(reason_pb2.REASON_COMMENT_NOT_FOUND):
            await call
    # What waits for its event to be out no longer has the text.
    tombstones = await database["comments"].find({"deleted": True}).to_list()
    assert [(each["body"], len(each["outbox"])) for each in tombstones] == [("", 1)]


async def test_only_its_author_changes_a_comment(owner: Commenter, member: Commenter, task: task_pb2.Task) -> None:
    comment = await member.says(task.id)
    for call in (owner.changes(comment, body="mine"), owner.deletes(comment), owner.deletes(comment, "17")):
        with refused(reason_pb2.REASON_PERMISSION_DENIED):
            await call
    assert await owner.get(task.id, comment.id) == comment


async def test_whom_the_task_does_not_concern_sees_no_task(
    owner: Commenter, task: task_pb2.Task, channel: grpc.aio.Channel, jwt_secret: str
) -> None:
    comment = await owner.says(task.id)
    stranger = Commenter(owner.stub, "stranger", signed_in("stranger", jwt_secret))
    for call in (
        stranger.says(task.id),
        stranger.page(task.id),
        stranger.get(task.id, comment.id),
        stranger.changes(comment, body="mine"),
        stranger.deletes(comment),
    ):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call
    nobody = Commenter(owner.stub, "", ())
    for call in (nobody.says(task.id), nobody.page(task.id), nobody.deletes(comment)):
        with refused(reason_pb2.REASON_UNAUTHENTICATED):
            await call
    assert list((await owner.page(task.id)).comments) == [comment]


async def test_a_deleted_task_hides_its_comments_until_it_is_restored(
    ada: Person, owner: Commenter, member: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]
) -> None:
    comment = await member.says(task.id)
    await ada.delete(task.id)
    for call in (
        owner.says(task.id),
        owner.page(task.id),
        owner.get(task.id, comment.id),
        member.changes(comment, body="new"),
        member.deletes(comment),
    ):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await call
    assert await database["comments"].count_documents({}) == 1
    await ada.restore(task.id)
    assert list((await owner.page(task.id)).comments) == [comment]


async def test_a_comment_that_comes_just_after_a_deletion_waits_with_the_task(
    ada: Person, owner: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]
) -> None:
    comment = await owner.says(task.id)
    late = await database["comments"].find_one_and_delete({})
    assert late is not None
    await ada.delete(task.id)
    # As a call writes it that had asked for the task before.
    await database["comments"].insert_one(late)
    with refused(reason_pb2.REASON_TASK_NOT_FOUND):
        await owner.page(task.id)
    await ada.restore(task.id)
    assert list((await owner.page(task.id)).comments) == [comment]


async def test_comments_change_nothing_of_their_task(ada: Person, owner: Commenter, task: task_pb2.Task) -> None:
    comment = await owner.says(task.id)
    await owner.changes(comment, body="new")
    await owner.deletes(comment)
    assert await ada.get(task.id) == task
    assert [entry.type for entry in (await ada.history(task.id)).entries] == ["task.created"]


@pytest.mark.parametrize("comment_id", ["1", "not an id", NOWHERE, f"{NOWHERE}\0"])
async def test_what_is_no_comment_of_this_task_is_not_there(
    comment_id: str, ada: Person, owner: Commenter, task: task_pb2.Task
) -> None:
    elsewhere = await owner.says((await ada.create()).id)
    for wrong in (comment_id, elsewhere.id):
        comment = comment_pb2.Comment(id=wrong, task_id=task.id)
        for call in (owner.get(task.id, wrong), owner.changes(comment, body="new"), owner.deletes(comment)):
            with refused(reason_pb2.REASON_COMMENT_NOT_FOUND):
                await call
    for on_no_task in (owner.says("nonsense"), owner.page("nonsense"), owner.get(NOWHERE, elsewhere.id)):
        with refused(reason_pb2.REASON_TASK_NOT_FOUND):
            await on_no_task


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"body": ""}, "comment.body"),
        ({"body": "x" * 10_001}, "comment.body"),
        ({"id": NOWHERE}, "comment.id"),
        ({"author_id": "somebody else"}, "comment.author_id"),
        ({"task_id": NOWHERE}, "comment.task_id"),
        ({"etag": "7"}, "comment.etag"),
    ],
)
async def test_what_breaks_the_contract_is_named(
    fields: dict[str, Any], named: str, owner: Commenter, task: task_pb2.Task
) -> None:
    comment = await owner.says(task.id)
    sent = comment_pb2.Comment(**{"body": BODY, **fields})
    for call in (owner.sends(task.id, sent), owner.changes(comment, **fields)):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await call
        assert refusal.fields == [named]
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await owner.stub.CreateComment(pb.CreateCommentRequest(), metadata=owner.metadata, timeout=TIMEOUT_S)
    assert refusal.fields == ["task_id", "comment"]
    assert list((await owner.page(task.id)).comments) == [comment]


async def test_a_key_gives_a_comment_one_effect(
    owner: Commenter, member: Commenter, task: task_pb2.Task, database: AsyncDatabase[Document]
) -> None:
    first = await owner.says(task.id, key="key-1")
    assert await owner.says(task.id, key="key-1") == first
    with refused(reason_pb2.REASON_IDEMPOTENCY_KEY_REUSED):
        await owner.says(task.id, "another", key="key-1")
    # A key is its caller's.
    assert (await member.says(task.id, key="key-1")).id != first.id
    assert await database["comments"].count_documents({"outbox": {"$size": 1}}) == 2
