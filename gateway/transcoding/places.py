"""Where in a REST request a field stands that a service complains of."""

import re
from collections.abc import Callable, Iterator

from google.protobuf.descriptor import Descriptor

from gateway.bindings import WHOLE_BODY, Binding
from gateway.transcoding.changes import changed_resource
from gateway.transcoding.requests import ETAG

_STEP = re.compile(r"[^.\[\]]+")


def compile_places(binding: Binding) -> Callable[[str], dict[str, str]]:
    """From a path in proto names, as in "task.labels[3]", to the pointer or parameter of a problem's error."""
    request = binding.method.input_type

    def place(path: str) -> dict[str, str]:
        steps = _STEP.findall(path)
        if steps[:1] == [ETAG] and binding.body != WHOLE_BODY:
            return {"parameter": "If-Match"}
        if not steps:
            return {"pointer": ""}
        names = list(_json_names(steps, request))
        if ".".join(steps) in binding.template.variables:
            return {"parameter": ".".join(names)}
        if binding.body == WHOLE_BODY:
            return {"pointer": "".join(f"/{name}" for name in names)}
        if binding.body and steps[:1] == [binding.body]:
            return {"pointer": "".join(f"/{name}" for name in names[1:])}
        # A parameter that is repeated has one name.
        return {"parameter": ".".join(name for name in names if not name.isdigit())}

    return place


def _json_names(steps: list[str], request: Descriptor) -> Iterator[str]:
    """The steps in lowerCamelCase; indexes, and what the contract does not know, stay."""
    message: Descriptor | None = request
    for step in steps:
        field = message.fields_by_name.get(step) if message else None
        # Of a change inside the body, the resource's fields stand beside its own.
        if not (field and message and message != request and field == changed_resource(message)):
            yield field.json_name if field else step
        message = field.message_type if field else message
