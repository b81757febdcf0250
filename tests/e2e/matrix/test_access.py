"""Whose id opens what to whom: for each id that a request takes, over both edges. Who is nobody is in `test_tokens.py`."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from unified.notify.v1.notification_pb2 import Notification
from unified.task.v1.comment_pb2 import Comment
from unified.task.v1.task_pb2 import Task

from gateway.bindings import Binding
from tests.e2e.matrix.contract import BINDINGS, row
from tests.e2e.matrix.edges import Edges
from tests.e2e.matrix.people import People
from tests.e2e.matrix.rest_form import rest_form
from tests.e2e.matrix.things import KINDS, Things, example_of, kind_of
from tests.e2e.matrix.valid import rules_of, valid
from tests.e2e.matrix.walking import fields_in, with_value
from tests.e2e.rest import Person

NOBODYS = ("0" * 24, "not-an-id")
# An assignee may do all that the owner may, but for these.
OF_THE_OWNER_ALONE = {
    "unified.notify.v1.NotificationService": "NOTIFICATION_NOT_FOUND",
    "unified.task.v1.CommentService.UpdateComment": "PERMISSION_DENIED",
    "unified.task.v1.CommentService.DeleteComment": "PERMISSION_DENIED",
}


def ids_of(binding: Binding) -> list[FieldDescriptor]:
    """The fields of the request that are ids. Where a stream goes on is a moment, and opens nothing."""
    place = binding.rest.stream.after if binding.is_stream else None
    return [field for field in _ids(binding.method.input_type) if field.name != place]


def _ids(message: Descriptor) -> Iterator[FieldDescriptor]:
    for field in message.fields:
        if field.message_type is not None:
            yield from _ids(field.message_type)
        elif example_of(field) in KINDS and not rules_of(field).output_only:
            yield field


WITH_IDS = [binding for binding in BINDINGS if ids_of(binding)]
READS = [binding for binding in BINDINGS if binding.only_reads]


@pytest.fixture(scope="module")
def eves_things(people: People) -> Things:
    return Things(people.eve, people.bob)


async def seen_by(person: Person, things: Things) -> list[Any]:
    """The things of which requests take the ids, as somebody sees them."""
    task = f"/api/tasks/{await things.id_of(Task)}"
    comment, notification = f"{task}/comments/{await things.id_of(Comment)}", await things.id_of(Notification)
    notifications = [each for each in await person.notifications() if each["id"] == notification]
    return [(await person.get(task)).expect(200), (await person.get(comment)).expect(200), notifications]


@pytest.mark.parametrize("binding", WITH_IDS, ids=row)
async def test_an_id_of_somebody_else_opens_no_more_than_one_of_nobody(
    binding: Binding, edges: Edges, adas_things: Things, eves_things: Things
) -> None:
    """In a request that is Eve's own but for one id."""
    token, before = eves_things.person.token, await seen_by(adas_things.person, adas_things)
    message = await valid(binding.method.input_type, eves_things)
    places = [(steps, field) for steps, field in fields_in(message) if field in ids_of(binding)]
    for steps, field in places:
        reason = f"{kind_of(field).upper()}_NOT_FOUND"
        requests = [with_value(message, steps, field, each) for each in (await adas_things.get(field), *NOBODYS)]
        answers = [await edges.send(rest_form(binding, request), token) for request in requests]
        outcomes = [await edges.over_grpc(binding, request, token) for request in requests]
        reasons = [answer.code.upper() for answer in answers] + [outcome.reason for outcome in outcomes]
        assert (field.name, reasons) == (field.name, [reason] * 6)
        assert len({str({**answer.json, "instance": ""}) for answer in answers}) == 1
        assert len({str(outcome) for outcome in outcomes}) == 1

    assert places
    assert await seen_by(adas_things.person, adas_things) == before


@pytest.mark.parametrize("binding", WITH_IDS, ids=row)
async def test_an_assignee_opens_what_the_task_opens(binding: Binding, edges: Edges, people: People) -> None:
    service = binding.method.containing_service.full_name
    reason = OF_THE_OWNER_ALONE.get(service, OF_THE_OWNER_ALONE.get(binding.name, ""))
    for edge in (edges.over_rest, edges.over_grpc):
        adas = await valid(binding.method.input_type, Things(people.ada, people.bob))
        assert (await edge(binding, adas, people.bob.token)).reason == reason


@pytest.mark.parametrize("binding", READS, ids=row)
async def test_what_is_read_holds_nothing_of_somebody_else(
    binding: Binding, edges: Edges, adas_things: Things, eves_things: Things
) -> None:
    adas = [await adas_things.id_of(kind) for kind in (Task, Comment, Notification)] + [adas_things.person.user["id"]]
    message = await valid(binding.method.input_type, eves_things)

    outcomes = [await edges.over_grpc(binding, message, eves_things.person.token)]
    events = len(outcomes[0].answer or ())
    outcomes.append(await edges.over_rest(binding, message, eves_things.person.token, events=events))

    for outcome in outcomes:
        assert (outcome.reason, [each for each in adas if each in str(outcome)]) == ("", [])
        assert outcome.answer
