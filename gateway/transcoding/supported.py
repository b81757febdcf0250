"""Which message types the edge can carry; others stop the start, by name."""

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.contract import ContractError

TIMESTAMP = "google.protobuf.Timestamp"
DURATION = "google.protobuf.Duration"
FIELD_MASK = "google.protobuf.FieldMask"
WELL_KNOWN = frozenset({TIMESTAMP, DURATION, FIELD_MASK})

INT32_TYPES = frozenset({FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_SINT32, FieldDescriptor.TYPE_SFIXED32})
UINT32_TYPES = frozenset({FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32})
INT64_TYPES = frozenset({FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_SINT64, FieldDescriptor.TYPE_SFIXED64})
UINT64_TYPES = frozenset({FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64})
OTHER_TYPES = frozenset(
    {
        FieldDescriptor.TYPE_STRING,
        FieldDescriptor.TYPE_BOOL,
        FieldDescriptor.TYPE_BYTES,
        FieldDescriptor.TYPE_ENUM,
        FieldDescriptor.TYPE_MESSAGE,
    }
)
_SUPPORTED_TYPES = INT32_TYPES | UINT32_TYPES | INT64_TYPES | UINT64_TYPES | OTHER_TYPES


def check_supported(message: Descriptor, inside: tuple[str, ...] = ()) -> None:
    """Raises ContractError naming the first field of `message`, or of what it holds, that cannot be carried."""
    if message.full_name in WELL_KNOWN:
        return
    inside = (*inside, message.full_name)
    for field in message.fields:
        _check_field(field)
        if field.message_type is None:
            continue
        if field.message_type.full_name in inside:
            raise ContractError(f"{field.full_name} makes {field.message_type.full_name} contain itself")
        check_supported(field.message_type, inside)


def _check_field(field: FieldDescriptor) -> None:
    if field.type not in _SUPPORTED_TYPES:
        raise ContractError(f"{field.full_name} has a type that the edge does not carry")
    held = field.message_type
    if held is None or held.full_name in WELL_KNOWN:
        return
    if held.GetOptions().map_entry:
        raise ContractError(f"{field.full_name} is a map, which the edge does not carry")
    if held.file.package == "google.protobuf":
        raise ContractError(f"{field.full_name} is a {held.full_name}, which the edge does not carry")
