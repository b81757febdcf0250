"""JSON Schemas of messages, one for each way a message is used: answered, sent whole, or sent as a change."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from unified.api.v1 import options_pb2

from gateway.contract import ContractError, message_of
from gateway.transcoding.changes import UPDATE_MASK, changed_resource
from gateway.transcoding.enums import choices
from gateway.transcoding.supported import (
    DURATION,
    FIELD_MASK,
    INT64_TYPES,
    OTHER_TYPES,
    TIMESTAMP,
    UINT32_TYPES,
    UINT64_TYPES,
)

Schema = dict[str, Any]

_WELL_KNOWN: Mapping[str, Schema] = {
    TIMESTAMP: {"type": "string", "format": "date-time"},
    DURATION: {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,9})?s$"},
    FIELD_MASK: {"type": "string"},
}
FILE: Schema = {"type": "string", "format": "binary"}
"""What is taken and answered as it is. The format says nothing in JSON Schema, but is how generators know a file."""


class Use(Enum):
    """What a message is used for; the value ends its schema's name."""

    ANSWER = ""
    INPUT = "Input"
    CHANGE = "Change"


class Schemas:
    """Collects the schemas that a document refers to, under `components`."""

    def __init__(self, comments: Mapping[str, str]) -> None:
        self._comments = comments
        self._sources: dict[str, str] = {}
        self.components: dict[str, Schema] = {}

    def message(self, message: Descriptor, use: Use, *, name: str = "") -> Schema:
        """A reference to the message's schema for this use."""
        make = self._answer if use is Use.ANSWER else self._input
        return self._component(name or message.name + use.value, message.full_name, lambda: make(message, use))

    def field(self, field: FieldDescriptor, use: Use) -> Schema:
        """The schema of a field, with what its rules and comment say."""
        rules = field.GetOptions().Extensions[options_pb2.rules]
        schema = self._value(field, use) | _limits(rules, field)
        if field.is_repeated:
            schema = {"type": "array", "items": schema}
            if rules.required:
                schema["minItems"] = 1
            if rules.max_items:
                schema["maxItems"] = rules.max_items
        if comment := self._comments.get(field.full_name):
            schema["description"] = comment
        return schema

    def _answer(self, message: Descriptor, use: Use) -> Schema:
        always = [field.json_name for field in message.fields if field.is_repeated or not field.has_presence]
        return self._object(message, {field.json_name: self.field(field, use) for field in message.fields}, always)

    def _input(self, message: Descriptor, use: Use) -> Schema:
        """What may be sent: nothing that only the service sets, and null wherever a field may be unset."""
        resource = changed_resource(message)
        if resource is None:
            return self._sent(message, message.fields, use)
        schema = self._sent(message, [f for f in message.fields if f.name not in (UPDATE_MASK, resource.name)], use)
        changed = message_of(resource)
        schema["properties"] |= self._sent(changed, changed.fields, Use.CHANGE)["properties"]
        return schema

    def _sent(self, message: Descriptor, fields: Iterable[FieldDescriptor], use: Use) -> Schema:
        properties, required = {}, []
        for field in fields:
            rules = field.GetOptions().Extensions[options_pb2.rules]
            if rules.output_only:
                continue
            # A change replaces a field as a whole: what it holds is no change.
            schema = self.field(field, Use.INPUT)
            properties[field.json_name] = schema if rules.required else _or_null(schema)
            if rules.required and use is Use.INPUT:
                required.append(field.json_name)
        return self._object(message, properties, required) | {"additionalProperties": False} | _choice(message)

    def _object(self, message: Descriptor, properties: Schema, required: list[str]) -> Schema:
        schema: Schema = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if comment := self._comments.get(message.full_name):
            schema["description"] = comment
        return schema

    def _value(self, field: FieldDescriptor, use: Use) -> Schema:
        """The schema of a value of the field, or of an element of it."""
        if field.message_type is not None:
            known = _WELL_KNOWN.get(field.message_type.full_name)
            return dict(known) if known else self.message(field.message_type, use)
        if field.enum_type is not None:
            enum = field.enum_type
            return self._component(enum.name, enum.full_name, lambda: self._enum(enum))
        return _scalar(field)

    def _enum(self, enum: EnumDescriptor) -> Schema:
        meanings = [
            f"- `{choice}`: {self._comments.get(f'{enum.full_name}.{value.name}', '')}"
            for choice, value in zip(choices(enum), [value for value in enum.values if value.number], strict=True)
        ]
        description = "\n".join([self._comments.get(enum.full_name, ""), "", *meanings])
        return {"type": "string", "enum": choices(enum), "description": description}

    def _component(self, name: str, source: str, make: Callable[[], Schema]) -> Schema:
        if self._sources.setdefault(name, source) != source:
            raise ContractError(f"{source} and {self._sources[name]} would have the same schema, {name}")
        if name not in self.components:
            self.components[name] = {}
            self.components[name] = make()
        return {"$ref": f"#/components/schemas/{name}"}


def _is_choice(field: FieldDescriptor) -> bool:
    """Whether the field is a member of a oneof of which one must be sent."""
    oneof = field.containing_oneof
    return oneof is not None and bool(oneof.GetOptions().Extensions[options_pb2.one_required])


def _choice(message: Descriptor) -> Schema:
    """That one member of a oneof must be sent, where the contract says so; null is not sent."""
    names = [[field.json_name for field in oneof.fields if _is_choice(field)] for oneof in message.oneofs]
    choices = [{"oneOf": [_has(name) for name in members]} for members in names if members]
    return {"allOf": choices} if choices else {}


def _has(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _scalar(field: FieldDescriptor) -> Schema:
    if field.type in INT64_TYPES | UINT64_TYPES:
        return {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
    if field.type == FieldDescriptor.TYPE_BOOL:
        return {"type": "boolean"}
    if field.type == FieldDescriptor.TYPE_BYTES:
        return {"type": "string", "contentEncoding": "base64"}
    if field.type in OTHER_TYPES:
        return {"type": "string"}
    return {"type": "integer", "format": "int32"} | ({"minimum": 0} if field.type in UINT32_TYPES else {})


def _limits(rules: options_pb2.FieldRules, field: FieldDescriptor) -> Schema:
    """What the rules ask of a value."""
    shortest = max(rules.min_length, int(rules.required and field.type == FieldDescriptor.TYPE_STRING))
    limits = {
        "minLength": shortest,
        "maxLength": rules.max_length,
        "pattern": f"^(?:{rules.pattern}){'?' if _may_be_empty(rules, field) else ''}$" if rules.pattern else "",
        "format": "password" if rules.secret else "",
    }
    schema: Schema = {name: limit for name, limit in limits.items() if limit}
    if rules.max and field.message_type is None:
        schema |= {"minimum": rules.min, "maximum": rules.max}
    if rules.example:
        schema["examples"] = [stated_example(field)]
    return schema


def _may_be_empty(rules: options_pb2.FieldRules, field: FieldDescriptor) -> bool:
    """Whether no text is as good as none: then it is held against no rule."""
    return not (rules.required or field.has_presence or field.is_repeated)


def stated_example(field: FieldDescriptor) -> bool | int | str | None:
    """The example in the field's rules, as JSON has a value of the field (an element when repeated)."""
    text = str(field.GetOptions().Extensions[options_pb2.rules].example)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return {"true": True, "false": False}.get(text)
    is_text = not text or field.type in OTHER_TYPES | INT64_TYPES | UINT64_TYPES
    return (text or None) if is_text else int(text)


def _or_null(schema: Schema) -> Schema:
    if "type" in schema:
        return schema | {"type": [schema["type"], "null"]}
    description = {"description": schema["description"]} if "description" in schema else {}
    return {"anyOf": [{key: value for key, value in schema.items() if key != "description"}, {"type": "null"}]} | description
