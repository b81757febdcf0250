"""The ways through a message to all that it holds, and the changes of a copy of it at the end of one."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor

from gateway.transcoding.changes import UPDATE_MASK
from tests.e2e.matrix.valid import is_plain, set_value

Steps: TypeAlias = tuple[str | int, ...]
"""Names of fields, and indexes."""


def messages_in(message: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """The message itself and all that it holds, with the steps to each."""
    yield steps, message
    for field, value in message.ListFields():
        if is_plain(field):
            continue
        if field.is_repeated:
            for index, element in enumerate(value):
                yield from messages_in(element, (*steps, field.name, index))
        else:
            yield from messages_in(value, (*steps, field.name))


def fields_in(message: Any) -> Iterator[tuple[Steps, FieldDescriptor]]:
    """The fields of all of them, with the steps to the message that has it; of a oneof only the member that is there."""
    for steps, held in messages_in(message):
        for field in held.DESCRIPTOR.fields:
            oneof = field.containing_oneof
            if field.name != UPDATE_MASK and (oneof is None or held.WhichOneof(oneof.name) in (None, field.name)):
                yield steps, field


def at(message: Any, steps: Steps) -> Any:
    for step in steps:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    return message


def copied(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def with_value(message: Any, steps: Steps, field: FieldDescriptor, value: Any) -> Any:
    """The same message with this value in the field of what the steps lead to."""
    copy = copied(message)
    set_value(at(copy, steps), field, value)
    return copy


def path_of_field(steps: Steps) -> str:
    """As services name it, as in "task.labels[0]"."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
