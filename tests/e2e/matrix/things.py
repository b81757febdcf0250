"""What requests speak of: how to make for a person whatever an id, or another value of a request, has to stand for.

The contract gives each kind of id an example of its own, so a field's example says what it is the id of. A new kind needs its
maker here; a field whose value is neither free nor an id, a maker by its own name.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from unified.api.v1 import options_pb2
from unified.notify.v1.notification_pb2 import Notification
from unified.task.v1.comment_pb2 import Comment
from unified.task.v1.task_pb2 import Task

from tests.e2e.rest import PASSWORD, Person
from tests.waiting import eventually

DUE = "2030-01-31T12:00:00Z"
# What the filters of lists find.
TASK = {
    "title": "Ship it",
    "description": "Release notes",
    "priority": "low",
    "labels": ["release"],
    "dueTime": DUE,
    "reminders": [{"before": "3600s"}],
}


class NoMakerError(Exception):
    """Nobody knows what to send in a field: it needs an example in the contract, or a maker here."""


class Things:
    """What a person has; each kind is made when it is first asked for. `colleague` is whom his or her tasks are assigned to."""

    def __init__(self, person: Person, colleague: Person) -> None:
        self.person, self.colleague = person, colleague
        self._made: dict[str, Any] = {}

    async def get(self, field: FieldDescriptor) -> Any:
        """The value that the field needs; nothing when any will do."""
        name = field.full_name if field.full_name in MAKERS else example_of(field)
        if name in MAKERS and name not in self._made:
            self._made[name] = await MAKERS[name](self)
        return self._made.get(name)

    async def id_of(self, kind: Any) -> str:
        """Of the thing of this kind: a message that has an id."""
        return str(await self.get(kind.DESCRIPTOR.fields_by_name["id"]))


def example_of(field: FieldDescriptor) -> str:
    return str(field.GetOptions().Extensions[options_pb2.rules].example)


def kind_of(field: FieldDescriptor) -> str:
    """What the field is the id of, as in "Task"."""
    example = example_of(field)
    if example not in KINDS:
        raise NoMakerError(f"{field.full_name} has the example {example!r}, which is the id of nothing that is made here")
    return KINDS[example]


def _example_id(kind: Any) -> str:
    return example_of(kind.DESCRIPTOR.fields_by_name["id"])


async def _task(things: Things) -> str:
    return str((await things.person.creates(**TASK, assigneeId=things.colleague.user["id"]))["id"])


async def _comment(things: Things) -> str:
    path = f"/api/tasks/{await things.id_of(Task)}/comments"
    return str((await things.person.post(path, {"body": "Who tells the customers?"})).expect(201)["id"])


async def _notification_of_the_task(things: Things) -> dict[str, Any]:
    task_id = await things.id_of(Task)

    async def about_it() -> list[dict[str, Any]]:
        return [each for each in await things.person.notifications() if each["taskId"] == task_id]

    return (await eventually(about_it))[-1]


async def _notification(things: Things) -> str:
    return str((await _notification_of_the_task(things))["id"])


async def _event(things: Things) -> str:
    return str((await _notification_of_the_task(things))["eventId"])


async def _new_address(_things: Things) -> str:
    return f"eve.{secrets.token_hex(6)}@example.com"


async def _address(things: Things) -> str:
    return str(things.person.user["email"])


async def _colleague(things: Things) -> str:
    return str(things.colleague.user["id"])


async def _notification_type(things: Things) -> list[str]:
    await things.id_of(Notification)
    return ["task.created"]


def _always(value: Any) -> "Maker":
    async def make(_things: Things) -> Any:
        return value

    return make


Maker: TypeAlias = Callable[[Things], Awaitable[Any]]
MAKERS_OF_KINDS: Mapping[Any, Maker] = {Task: _task, Comment: _comment, Notification: _notification}
KINDS: Mapping[str, str] = {_example_id(kind): kind.DESCRIPTOR.name for kind in MAKERS_OF_KINDS}
"""What an example is the id of."""
# By the example of an id, and by the name of a field.
MAKERS: Mapping[str, Maker] = {
    **{_example_id(kind): make for kind, make in MAKERS_OF_KINDS.items()},
    "unified.notify.v1.ExplainNotificationRequest.event_id": _event,
    "unified.notify.v1.ListNotificationsRequest.type": _notification_type,
    "unified.task.v1.ImportTasksRequest.content": _always(b'{"title": "Ship it"}\n'),
    "unified.task.v1.Task.assignee_id": _colleague,
    "unified.user.v1.LoginRequest.email": _address,
    "unified.user.v1.LoginRequest.password": _always(PASSWORD),
    "unified.user.v1.LookUpUsersRequest.keys": _always(["ada@example.com"]),
    "unified.user.v1.RegisterRequest.email": _new_address,
}
