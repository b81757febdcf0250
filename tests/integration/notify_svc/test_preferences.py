"""What users want to hear of, over gRPC, and why they did or did not hear of an event."""

import asyncio
import logging

import pytest
from unified.error.v1 import reason_pb2
from unified.notify.v1 import notification_service_pb2 as pb
from unified.notify.v1.preferences_pb2 import Preferences

from mesh.amqp import Publisher
from mesh.outbox import publish
from notify_svc.model import TYPES
from tests.integration.notify_svc.person import TIMEOUT_S, Person
from tests.refusals import refused
from tests.task_events import task_event
from tests.waiting import eventually, until


async def explained(person: Person, event_id: str) -> pb.ExplainNotificationResponse:
    """Why, once the event has arrived."""

    async def ask() -> pb.ExplainNotificationResponse:
        return await person.asks_why(event_id)

    return await eventually(ask, lambda answer: answer.outcome != pb.OUTCOME_NOT_CONCERNED)


async def test_everything_is_on_until_the_user_says_otherwise(ada: Person, bob: Person) -> None:
    before = await ada.preferences()
    assert [(each.type, each.inbox) for each in before.types] == [(name, True) for name in TYPES]
    assert before.own_actions

    after = await ada.prefers("task.updated", own_actions=False)
    assert {each.type: each.inbox for each in after.types} == {name: name != "task.updated" for name in TYPES}
    assert not after.own_actions
    assert await ada.preferences() == after
    assert await bob.preferences() == before
    # What is not sent goes back to where it was.
    assert await ada.prefers() == before
    assert await ada.preferences() == before


async def test_types_are_those_that_there_are(ada: Person) -> None:
    before = await ada.prefers("task.updated")
    for names, field in ((("task.exploded",), "types[0].type"), (("task.created", "task.created"), "types[1].type")):
        with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
            await ada.prefers(*names)
        assert refusal.fields == [f"preferences.{field}"]
    assert await ada.preferences() == before


async def test_who_sends_no_mask_says_all(ada: Person) -> None:
    before = await ada.prefers("task.updated")
    request = pb.SetPreferencesRequest(preferences=Preferences(own_actions=False))
    after = (await ada.stub.SetPreferences(request, metadata=ada.metadata, timeout=TIMEOUT_S)).preferences
    assert ([each.inbox for each in after.types], after.own_actions) == ([True] * len(TYPES), False)
    assert after.etag != before.etag


async def test_only_what_the_mask_names_is_changed(ada: Person) -> None:
    before = await ada.prefers("task.updated")
    after = await ada.sets(["own_actions"], own_actions=False)
    assert (after.types, after.own_actions) == (before.types, False)
    assert await ada.sets([], own_actions=True) == after
    cleared = await ada.sets(["types"])
    assert ([each.inbox for each in cleared.types], cleared.own_actions) == ([True] * len(TYPES), False)
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.sets(["etag"], etag=cleared.etag)
    assert refusal.fields == ["preferences.etag"]


async def test_what_was_changed_since_it_was_read_stays_as_it_is(ada: Person) -> None:
    read = await ada.preferences()
    changed = await ada.sets(["own_actions"], etag=read.etag, own_actions=False)
    with refused(reason_pb2.REASON_ETAG_MISMATCH):
        await ada.sets(["own_actions"], etag=read.etag, own_actions=True)
    assert await ada.preferences() == changed
    assert await ada.sets(["own_actions"], etag=changed.etag, own_actions=False) == changed


@pytest.mark.parametrize("key", ["", "key"])
async def test_of_those_who_read_the_same_one_changes_it(ada: Person, key: str) -> None:
    # At first nothing is stored, afterwards the defaults are.
    for attempt in ("first", "second"):
        read = await ada.prefers()
        changes = [
            ada.sets(["types"], etag=read.etag, key=key and f"{key}-{attempt}-{name}", types=[{"type": name, "inbox": False}])
            for name in TYPES
        ]
        outcomes = await asyncio.gather(*changes, return_exceptions=True)
        (changed,) = [each for each in outcomes if not isinstance(each, BaseException)]
        assert await ada.preferences() == changed


async def test_changes_of_different_fields_at_once_are_all_made(ada: Person) -> None:
    types = [{"type": "task.updated", "inbox": False}]
    await asyncio.gather(ada.sets(["types"], types=types), ada.sets(["own_actions"], own_actions=False))
    after = await ada.preferences()
    assert ([each.type for each in after.types if not each.inbox], after.own_actions) == (["task.updated"], False)


async def test_a_key_makes_a_repeated_request_harmless(ada: Person) -> None:
    first = await ada.prefers("task.updated", key="first")
    second = await ada.prefers("task.deleted")
    assert await ada.prefers("task.updated", key="first") == first
    assert await ada.preferences() == second


async def test_a_type_that_is_off_does_not_reach_the_inbox(
    ada: Person, bob: Person, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await ada.prefers("task.updated")
    off, on, bobs = task_event("updated", ada.user_id), task_event("created", ada.user_id), task_event("updated", bob.user_id)
    for event in (off, on, bobs):
        await publish(publisher, event)
    assert (await explained(ada, off.id)).outcome == pb.OUTCOME_TYPE_OFF
    notification = await ada.notified_of(on.id)
    await bob.notified_of(bobs.id)
    assert await ada.ids() == [notification.id]
    assert await ada.counts() == (1, 1)
    # It stays away when the user wants the next one, also when it comes once more.
    await ada.prefers()
    later = task_event("updated", ada.user_id)
    for event in (off, later):
        await publish(publisher, event)
    await ada.notified_of(later.id)
    await until(lambda: "user had been notified" in caplog.messages)
    assert (await explained(ada, off.id)).outcome == pb.OUTCOME_TYPE_OFF
    assert len(await ada.ids()) == 2


@pytest.mark.parametrize("own_actions", [True, False])
async def test_own_actions_are_told_unless_the_user_says_otherwise(own_actions: bool, ada: Person, publisher: Publisher) -> None:
    await ada.prefers(own_actions=own_actions)
    own = task_event("updated", ada.user_id, actor_id=ada.user_id)
    others = task_event("updated", ada.user_id)
    for event in (own, others):
        await publish(publisher, event)
    told = pb.OUTCOME_NOTIFIED if own_actions else pb.OUTCOME_OWN_ACTION
    assert (await explained(ada, own.id)).outcome == told
    assert (await explained(ada, others.id)).outcome == pb.OUTCOME_NOTIFIED
    assert len(await ada.ids()) == 1 + own_actions


async def test_what_became_of_an_event_is_explained_to_those_concerned(ada: Person, bob: Person, publisher: Publisher) -> None:
    event = task_event("created", ada.user_id)
    assert (await ada.asks_why(event.id)).outcome == pb.OUTCOME_NOT_CONCERNED
    await publish(publisher, event)
    notification = await ada.notified_of(event.id)
    for do in ("read", "archive"):
        await ada.does(do, notification.id)
        answer = await ada.asks_why(event.id)
        assert (answer.outcome, answer.notification_id) == (pb.OUTCOME_NOTIFIED, notification.id)
        assert answer.explanation
    await ada.deletes(notification.id)
    answer = await ada.asks_why(event.id)
    assert (answer.outcome, answer.notification_id) == (pb.OUTCOME_DELETED, "")
    assert (await bob.asks_why(event.id)).outcome == pb.OUTCOME_NOT_CONCERNED


async def test_an_event_is_needed(ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.asks_why("")
    assert refusal.fields == ["event_id"]
