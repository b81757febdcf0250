"""How a list method is read as a stream: which of its fields mean what, as the contract says."""

from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.bindings import Binding
from gateway.contract import ContractError, message_of
from gateway.transcoding.requests import PAGE_TOKEN

NEXT_PAGE_TOKEN, POSITION, ID, TYPE = "next_page_token", "position", "id", "type"


@dataclass(frozen=True, slots=True)
class StreamShape:
    """`after` is a field of the request, `events` one of the response, `event` the type of what it holds."""

    after: str
    events: str
    event: Descriptor


def shape_of(binding: Binding) -> StreamShape:
    """Raises ContractError for a method that cannot be a stream."""
    try:
        return _shape(binding)
    except ContractError as error:
        raise ContractError(f"{binding.name} cannot be a stream: {error}") from None


def _shape(binding: Binding) -> StreamShape:
    said = binding.rest.stream
    if not (binding.verb == "GET" and binding.only_reads and binding.needs_caller and said.topic):
        raise ContractError("it must be a GET of a user's that only reads, and name a topic")
    request, response = binding.method.input_type, binding.method.output_type
    _need(request, said.after, PAGE_TOKEN)
    _need(response, NEXT_PAGE_TOKEN, POSITION)
    events = response.fields_by_name.get(said.events)
    if events is None or not events.is_repeated:
        raise ContractError(f"{response.full_name} has no list {said.events!r}")
    event = message_of(events)
    _need(event, ID, TYPE)
    return StreamShape(said.after, said.events, event)


def _need(message: Descriptor, *names: str) -> None:
    """Strings of these names."""
    for name in names:
        field = message.fields_by_name.get(name)
        if field is None or field.type != FieldDescriptor.TYPE_STRING or field.is_repeated:
            raise ContractError(f"{message.full_name} has no text {name!r}")
