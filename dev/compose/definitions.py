"""What RabbitMQ is to know before anybody connects: its user, and the exchanges and queues as the code would declare them."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from mesh import topology
from notify_svc.consumer import QUEUES
from notify_svc.settings import NotifySettings


class _Recorder:
    """Stands in for a channel while the code declares what it needs."""

    def __init__(self, virtual_host: str) -> None:
        self._place = {"vhost": virtual_host}
        self.exchanges: dict[str, Any] = {}
        self.queues: dict[str, Any] = {}
        self.bindings: dict[tuple[str, ...], Any] = {}

    async def declare_exchange(self, name: str, kind: str) -> None:
        self.exchanges[name] = self._lasting(name, {}) | {"type": kind, "internal": False}

    async def declare_queue(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.queues[name] = self._lasting(name, arguments)

    async def bind_queue(self, queue: str, exchange: str, routing_key: str) -> None:
        ends = {"source": exchange, "destination": queue, "destination_type": "queue", "routing_key": routing_key}
        self.bindings[queue, exchange, routing_key] = self._place | ends | {"arguments": {}}

    def _lasting(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {"name": name, **self._place, "durable": True, "auto_delete": False, "arguments": dict(arguments)}


def definitions(user: str, password: str, virtual_host: str = "/") -> str:
    """A definitions file, for an empty RabbitMQ."""
    recorder = _Recorder(virtual_host)
    asyncio.run(_declare(recorder))
    rights = dict.fromkeys(("configure", "read", "write"), ".*")
    document = {
        "users": [{"name": user, "password_hash": password_hash(password), "tags": ["administrator"]}],
        "vhosts": [{"name": virtual_host}],
        "permissions": [{"user": user, "vhost": virtual_host, **rights}],
        "exchanges": [*recorder.exchanges.values()],
        "queues": [*recorder.queues.values()],
        "bindings": [*recorder.bindings.values()],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


async def _declare(channel: Any) -> None:
    await topology.declare_events(channel)
    await topology.declare_ladder(channel, NotifySettings.model_fields["event_retry_delays_seconds"].default)
    for queue, event_type in QUEUES.items():
        await topology.declare_queue(channel, queue, event_type)


def password_hash(password: str) -> str:
    """As RabbitMQ keeps it: salted SHA-256. The salt is the password's own, so that the file stays as it is."""
    salt = hashlib.sha256(password.encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
