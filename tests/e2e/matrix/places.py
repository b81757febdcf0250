"""Where in a REST request a field is, by the rules of the contract and not by the gateway's code."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from google.protobuf.descriptor import Descriptor

from gateway.bindings import WHOLE_BODY, Binding
from gateway.transcoding.changes import changed_resource
from gateway.transcoding.requests import ETAG
from mesh.metadata import IDEMPOTENCY_KEY

LAST_EVENT_ID = "Last-Event-ID"
_STEP = re.compile(r"[^.\[\]]+")
Place: TypeAlias = tuple[str, str]
"""A kind of place ("pointer", "parameter"), and its name."""


def place(binding: Binding, path: str) -> Place:
    """Of the field that a service calls as in "task.labels[0]"."""
    steps = _STEP.findall(path)
    if path == IDEMPOTENCY_KEY:
        return "parameter", "Idempotency-Key"
    if binding.is_stream and path == binding.rest.stream.after:
        return "parameter", LAST_EVENT_ID
    names = _names(steps, binding.method.input_type)
    if path in binding.template.variables:
        return "parameter", names[0]
    if binding.body == WHOLE_BODY:
        return "pointer", "".join(f"/{name}" for name in names)
    if steps[0] == ETAG:
        return "parameter", "If-Match"
    if binding.body and steps[0] == binding.body:
        return "pointer", "".join(f"/{name}" for name in names[1:])
    return "parameter", names[0]


def _names(steps: Sequence[str], message: Descriptor) -> list[str]:
    """The names in JSON, indexes among them. The fields of a change inside the body stand beside its own."""
    return [name for name, _ in _walk(steps, message) if name]


def is_hidden(binding: Binding, path: str) -> bool:
    """Whether the place of a changed field in JSON is taken: a change inside the body has a field of this name of its own."""
    *above, name = _STEP.findall(path)
    change = [within for step, within in _walk(above, binding.method.input_type) if not step]
    return bool(change) and name in change[-1].fields_by_name


def _walk(steps: Sequence[str], message: Descriptor) -> Iterator[tuple[str, Descriptor]]:
    """Each step's name in JSON, which is empty where it has none, and the message that it is taken in."""
    within = message
    for step in steps:
        found = within.fields_by_name.get(step)
        is_inside = within != message and found is not None and found == changed_resource(within)
        yield "" if is_inside else found.json_name if found else step, within
        within = (found and found.message_type) or within
