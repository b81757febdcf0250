"""The contract's field rules (`unified.api.v1.rules`), compiled once per request type into one check.

A message with an `update_mask` is a partial change: of its resource only the fields that the mask names are checked.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.message import Message
from unified.api.v1 import options_pb2

from mesh.errors import FieldError

UPDATE_MASK = "update_mask"
TIMESTAMP = "google.protobuf.Timestamp"
DURATION = "google.protobuf.Duration"
# 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the range of a Timestamp.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799

Check = Callable[[Any], list[FieldError]]
FieldCheck = Callable[[Any], Iterator[tuple[str, str]]]
"""From a message to pairs of (path below the message, what is wrong); the path "" is the message itself."""
ValueCheck = Callable[[Any], str | None]
"""From a value to what is wrong with it, in words that complete the field's name."""


def compile_rules(message: Descriptor) -> Check:
    """The check of all rules of a request type; it answers every field that breaks one."""
    checks = _message_checks(message)
    masked = _masked_resource(message)

    def check(request: Any) -> list[FieldError]:
        problems = [FieldError(path, text) for each in checks.values() for path, text in each(request)]
        if masked is not None:
            problems = [p for p in problems if not p.field.startswith(masked + ".")] + _check_masked(request)
        return problems

    resource = message.fields_by_name[masked].message_type if masked else None
    resource_checks = _message_checks(resource) if resource else {}

    def _check_masked(request: Any) -> list[FieldError]:
        resource, problems = getattr(request, masked or ""), []
        for name in dict.fromkeys(request.update_mask.paths):
            if name not in resource.DESCRIPTOR.fields_by_name:
                problems.append(FieldError(UPDATE_MASK, f"names a field that does not exist: {name}"[:200]))
            elif _rules(resource.DESCRIPTOR.fields_by_name[name]).output_only:
                problems.append(FieldError(f"{masked}.{name}", "is set by the service"))
            else:
                problems += [FieldError(f"{masked}.{path}", text) for path, text in resource_checks[name](resource)]
        return problems

    return check


def _masked_resource(message: Descriptor) -> str | None:
    """The field that `update_mask` speaks of: the request's only resource."""
    if UPDATE_MASK not in message.fields_by_name:
        return None
    resources = [f.name for f in message.fields if f.message_type and f.name != UPDATE_MASK]
    if len(resources) != 1:
        raise ValueError(f"{message.full_name} has an update_mask and not exactly one resource")
    return resources[0]


def _message_checks(message: Descriptor) -> dict[str, FieldCheck]:
    oneofs = [oneof for oneof in message.oneofs if oneof.GetOptions().Extensions[options_pb2.one_required]]
    return {each.name: _oneof_check(each) for each in oneofs} | {field.name: _field_check(field) for field in message.fields}


def _oneof_check(oneof: OneofDescriptor) -> FieldCheck:
    names = ", ".join(field.json_name for field in oneof.fields)

    def check(message: Message) -> Iterator[tuple[str, str]]:
        if not message.WhichOneof(oneof.name):
            yield "", f"must have one of {names}"

    return check


def _rules(field: FieldDescriptor) -> Any:
    return field.GetOptions().Extensions[options_pb2.rules]


def _field_check(field: FieldDescriptor) -> FieldCheck:
    """Presence first, then the value or each element."""
    rules, name = _rules(field), field.name
    value_check = _value_check(field)

    def is_empty(message: Message) -> bool:
        return not message.HasField(name) if field.has_presence else not getattr(message, name)

    def check(message: Message) -> Iterator[tuple[str, str]]:
        if is_empty(message):
            if rules.required:
                yield name, "is required"
            return
        if rules.output_only:
            yield name, "is set by the service"
            return
        value = getattr(message, name)
        if not field.is_repeated:
            yield from value_check(name, value)
            return
        if rules.max_items and len(value) > rules.max_items:
            yield name, f"must have at most {rules.max_items} elements"
        for index, element in enumerate(value[: rules.max_items or None]):
            yield from value_check(f"{name}[{index}]", element)

    return check


def _value_check(field: FieldDescriptor) -> Callable[[str, Any], Iterator[tuple[str, str]]]:
    if field.message_type is not None:
        if field.message_type.full_name == DURATION:
            return _duration_check(_rules(field))
        return _message_check(field.message_type)
    tests = list(_tests(field))

    def check(path: str, value: Any) -> Iterator[tuple[str, str]]:
        for test in tests:
            problem = test(value)
            if problem is not None:
                yield path, problem
                return

    return check


def _message_check(message: Descriptor) -> Callable[[str, Any], Iterator[tuple[str, str]]]:
    if message.full_name == TIMESTAMP:
        return _timestamp_check
    if message.full_name.startswith("google.protobuf."):
        return lambda _path, _value: iter(())
    rules = compile_rules(message)

    def check(path: str, value: Any) -> Iterator[tuple[str, str]]:
        for problem in rules(value):
            yield f"{path}.{problem.field}".rstrip("."), problem.message

    return check


def _timestamp_check(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if not (FIRST_SECOND <= value.seconds <= LAST_SECOND and 0 <= value.nanos < 1_000_000_000):
        yield path, "must lie between the years 1 and 9999"


def _duration_check(rules: Any) -> Callable[[str, Any], Iterator[tuple[str, str]]]:
    low, high = rules.min, rules.max

    def check(path: str, value: Any) -> Iterator[tuple[str, str]]:
        in_range = (low, 0) <= (value.seconds, value.nanos) <= (high, 0) and 0 <= value.nanos < 1_000_000_000
        if (low or high) and not in_range:
            yield path, f"must last between {low} and {high} seconds"

    return check


def _size(value: str | bytes) -> int:
    return len(value if isinstance(value, bytes) else value.encode())


def _tests(field: FieldDescriptor) -> Iterator[ValueCheck]:
    """The tests of one value, in the order in which a person would mend it."""
    rules = _rules(field)
    if field.enum_type is not None:
        known = frozenset(value.number for value in field.enum_type.values)
        yield lambda value: None if value in known else "is not a known value"
    if rules.min_length:
        least = rules.min_length
        yield lambda value: f"must have at least {least} characters" if len(value) < least else None
    if rules.max_length:
        most = rules.max_length
        yield lambda value: f"must have at most {most} characters" if len(value) > most else None
    if rules.max_bytes:
        most_bytes = rules.max_bytes
        yield lambda value: f"must have at most {most_bytes} bytes" if _size(value) > most_bytes else None
    if rules.pattern:
        pattern, meaning = re.compile(rules.pattern), rules.pattern_meaning
        yield lambda value: None if pattern.fullmatch(value) else f"must be {meaning}"
    if rules.min or rules.max:
        low, high = rules.min, rules.max
        yield lambda value: None if low <= value <= high else f"must be between {low} and {high}"
