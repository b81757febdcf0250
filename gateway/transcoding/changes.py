"""Changes: messages that hold a resource and an `update_mask` that names which of its fields to change.

In JSON the resource's fields stand beside the message's own, and the mask is made of the keys that are there: a field is cleared
by null, and kept when it is not sent.
"""

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.contract import ContractError
from gateway.transcoding.supported import FIELD_MASK

UPDATE_MASK = "update_mask"


def changed_resource(message: Descriptor) -> FieldDescriptor | None:
    """The field with the resource that the message's mask speaks of; nothing where there is no mask."""
    mask = message.fields_by_name.get(UPDATE_MASK)
    if mask is None or mask.message_type is None or mask.message_type.full_name != FIELD_MASK:
        return None
    held = [field for field in message.fields if field.message_type and field.name != UPDATE_MASK]
    if len(held) != 1 or held[0].is_repeated:
        raise ContractError(f"{message.full_name} has an update_mask and not exactly one resource")
    return held[0]
