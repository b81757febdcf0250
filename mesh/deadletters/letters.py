"""Dead letters as people see them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from mesh.amqp import Delivery
from mesh.consumer import FIRST_ERROR, LAST_ERROR, LAST_TIME, MARKS, QUEUE, REASON, failed_attempts
from mesh.events import PREFIX

CONTRACTS = Path(__file__).parents[2] / "generated" / "unified.binpb"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A buried message. `delivery` is how it is held while we look at it."""

    delivery: Delivery

    @property
    def id(self) -> str:
        return self.delivery.message.message_id

    @property
    def queue(self) -> str:
        """Where it could not be handled, and where it goes when it is redriven."""
        headers = self.delivery.message.headers
        return str(headers.get(QUEUE) or headers.get("x-first-death-queue") or "")

    def summary(self) -> dict[str, Any]:
        """What a list says of it."""
        headers = self.delivery.message.headers
        return {
            "id": self.id,
            "type": self.delivery.message.type,
            "queue": self.queue,
            # What the broker gave up carries no reason of ours.
            "reason": headers.get(REASON, headers.get("x-first-death-reason", "")),
            "attempts": failed_attempts(self.delivery) + 1,
            "failedAt": headers.get(LAST_TIME, ""),
            "lastError": headers.get(LAST_ERROR, ""),
        }

    def details(self) -> dict[str, Any]:
        """All that is known of it."""
        message = self.delivery.message
        attributes = {name.removeprefix(PREFIX): value for name, value in message.headers.items() if name.startswith(PREFIX)}
        return {
            **self.summary(),
            "firstError": message.headers.get(FIRST_ERROR, ""),
            "attributes": attributes,
            "payload": _payload(str(attributes.get("dataschema", "")), message.body),
        }

    def cleared_headers(self) -> dict[str, Any]:
        """The headers of the message as it was before it failed."""
        headers = self.delivery.message.headers
        return {name: value for name, value in headers.items() if name not in MARKS and not name.startswith("x-")}


def _payload(schema: str, body: bytes) -> Any:
    """The payload by its contract, or as hexadecimal digits where it has none."""
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(CONTRACTS.read_bytes()).file:
        pool.Add(file)
    try:
        message = GetMessageClass(pool.FindMessageTypeByName(schema)).FromString(body)
    except (KeyError, DecodeError):
        return body.hex()
    return json_format.MessageToDict(message)
