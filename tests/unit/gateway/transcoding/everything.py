"""A message with a field of every kind that the edge carries, and random values of it."""

from datetime import UTC, datetime
from string import ascii_lowercase
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from gateway.transcoding.supported import DURATION, FIELD_MASK, TIMESTAMP
from gateway.transcoding.values import _INTEGER_RANGES
from tests.unit.gateway.contracts import usable_message

KINDS = """
    string text; bool flag; bytes data; int32 a; sint32 b; sfixed32 c; uint32 d; fixed32 e;
    int64 f; sint64 g; sfixed64 h; uint64 i; fixed64 j; Shade shade; Inner inner;
    google.protobuf.Timestamp at_time; google.protobuf.Duration how_long; google.protobuf.FieldMask which_fields
"""


def _fields() -> str:
    number, lines = 0, []
    for kind in KINDS.split(";"):
        type_name, name = kind.split()
        for label, suffix in (("", ""), ("optional ", "_maybe"), ("repeated ", "_list")):
            number += 1
            lines.append(f"{label}{type_name} {name}{suffix} = {number};")
    return "\n".join(lines)


EVERYTHING = usable_message(
    f"""
    enum Shade {{ SHADE_UNSPECIFIED = 0; SHADE_RED = 1; SHADE_DEEP_BLUE = 5; }}
    message Inner {{ string some_text = 1; optional Shade shade = 2; repeated Inmost inmost = 3; }}
    message Inmost {{ int64 big = 1; google.protobuf.Timestamp at_time = 2; }}
    message M {{
        {_fields()}
        string class = 90;
        oneof choice {{
            Inner left = 91; string right_side = 92; int64 third = 93;
            google.protobuf.Duration fourth = 94; google.protobuf.Timestamp fifth = 95;
        }}
    }}
    """,
    "test.everything.v1",
)
Everything = GetMessageClass(EVERYTHING)

_FIRST, _LAST = (int(moment.timestamp()) for moment in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)))
_NANOS = st.sampled_from([0, 1, 120_000_000, 123_456_000, 999_999_999]) | st.integers(0, 999_999_999)
_TIMES = st.fixed_dictionaries({"seconds": st.integers(_FIRST, _LAST), "nanos": _NANOS})
_DURATIONS = st.builds(
    lambda sign, seconds, nanos: {"seconds": sign * seconds, "nanos": sign * nanos},
    st.sampled_from([1, -1]),
    st.integers(0, 315_575_999_999),
    _NANOS,
)
_NAMES = st.lists(st.text(ascii_lowercase, min_size=1, max_size=5), min_size=1, max_size=3).map("_".join)
_MASKS = st.fixed_dictionaries({"paths": st.lists(_NAMES | st.builds("{}.{}".format, _NAMES, _NAMES), max_size=3)})
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    """Constructor arguments for the field, or for an element of it."""
    if field.message_type is not None:
        known = {TIMESTAMP: _TIMES, DURATION: _DURATIONS, FIELD_MASK: _MASKS}
        held = field.message_type
        return known[held.full_name] if held.full_name in known else fields_of(held)
    if field.enum_type is not None:
        # The zero is what an unset field has, so it cannot be sent.
        return st.sampled_from([value.number for value in field.enum_type.values if value.number])
    if field.type in _INTEGER_RANGES:
        low, high = _INTEGER_RANGES[field.type]
        return st.sampled_from([low, high, 0]) | st.integers(low, high)
    return {FieldDescriptor.TYPE_BOOL: st.booleans(), FieldDescriptor.TYPE_BYTES: st.binary(max_size=9)}.get(field.type, _TEXTS)


def fields_of(descriptor: Descriptor) -> st.SearchStrategy[dict[str, Any]]:
    """Constructor arguments for a message; of a oneof at most one member."""
    choice = {field.name for oneof in descriptor.oneofs if len(oneof.fields) > 1 for field in oneof.fields}
    optional = {
        field.name: st.lists(values(field), max_size=3) if field.is_repeated else values(field)
        for field in descriptor.fields
        if field.name not in choice
    }
    some = st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=8) if optional else st.just([])
    one_of_choice = [st.fixed_dictionaries({name: values(descriptor.fields_by_name[name])}) for name in sorted(choice)]
    return st.builds(
        lambda fields, chosen: fields | chosen,
        some.flatmap(lambda names: st.fixed_dictionaries({name: optional[name] for name in names})),
        st.one_of(st.just({}), *one_of_choice),
    )


def without_zero_enums(value: Any) -> Any:
    """The same JSON without what an unset enum shows."""
    if isinstance(value, dict):
        return {key: without_zero_enums(item) for key, item in value.items() if item != "SHADE_UNSPECIFIED"}
    return [without_zero_enums(item) for item in value] if isinstance(value, list) else value
