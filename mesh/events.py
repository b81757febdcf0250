"""The envelope of an event: CloudEvents attributes, as AMQP headers on the wire and as a document in an outbox."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson.binary import Binary

from mesh.tracing import sane

PREFIX = "cloudEvents_"
SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/protobuf"


class MalformedEventError(ValueError):
    """A message that is not an event of ours: no repetition can mend it."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, told once and for all: `id` never changes, not even when it is sent again.

    `type` ("task.created") is the routing key; `subject` is the id of what changed, `sequence` its version after the change;
    `data` is a serialized message of the type that `schema` names; `request_id` is the request that caused it, `traceparent` its
    place in a trace.
    """

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int
    schema: str
    data: bytes
    request_id: str = ""
    traceparent: str = ""

    def to_headers(self) -> dict[str, str]:
        """The attributes as AMQP headers (CloudEvents binary mode)."""
        attributes = {
            "specversion": SPEC_VERSION,
            "id": self.id,
            "type": self.type,
            "source": self.source,
            "subject": self.subject,
            "time": self.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "sequence": str(self.sequence),
            "dataschema": self.schema,
            "requestid": self.request_id,
            "traceparent": self.traceparent,
        }
        return {PREFIX + name: value for name, value in attributes.items() if value}

    @classmethod
    def from_headers(cls, headers: Mapping[str, Any], data: bytes) -> "Event":
        """The event that a message carries. Raises MalformedEventError."""
        try:
            attribute = {key.removeprefix(PREFIX): str(value) for key, value in headers.items() if key.startswith(PREFIX)}
            if not attribute["id"]:
                raise ValueError("the id is empty")
            return cls(
                id=attribute["id"],
                type=attribute["type"],
                source=attribute["source"],
                subject=attribute["subject"],
                time=datetime.fromisoformat(attribute["time"]),
                sequence=int(attribute["sequence"]),
                schema=attribute["dataschema"],
                data=data,
                request_id=attribute.get("requestid", ""),
                traceparent=sane(attribute.get("traceparent", "")),
            )
        except (KeyError, ValueError) as error:
            raise MalformedEventError(f"not an event: {error!r}") from error

    def to_document(self) -> dict[str, Any]:
        """The event as it waits in an outbox. What is empty takes no room."""
        return {**{name: value for name, value in dataclasses.asdict(self).items() if value != ""}, "data": Binary(self.data)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Event":
        """The event that waited in an outbox, also where a newer build put it there."""
        known = {field.name: document[field.name] for field in dataclasses.fields(cls) if field.name in document}
        return cls(**{**known, "data": bytes(document["data"])})
