"""Server-sent events, read across broken connections: after each, what follows the last event that arrived."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import aiohttp

from unified_client.errors import ApiError
from unified_client.transport import Call, Transport, api_error
from unified_client.wire import read

Model = TypeVar("Model")

# Longer than the platform is silent: it sends a comment every 15 seconds.
SILENCE_S = 45.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 15.0
WORTH_REPEATING = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Event(Generic[Model]):
    """One event: `id` is where a stream can be taken up again, `type` what happened, `data` what it is about."""

    id: str
    type: str
    data: Model


class Lines:
    """Puts events together from lines. What a stream asks for with `retry` stays, and so does the last id."""

    def __init__(self, last_event_id: str) -> None:
        self.last_event_id, self.retry_s = last_event_id, 0.0
        self._type, self._data = "", list[str]()

    def take(self, line: str) -> tuple[str, str] | None:
        """Type and data of the event that the line ends, if it ends one."""
        if not line:
            event = (self._type or "message", "\n".join(self._data)) if self._data else None
            self._type, self._data = "", []
            return event
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "id":
                self.last_event_id = value
            case "event":
                self._type = value
            case "data":
                self._data.append(value)
            case "retry" if value.isdigit():
                self.retry_s = int(value) / 1000
        return None


async def events(model: type[Model], transport: Transport, call: Call, last_event_id: str = "") -> AsyncIterator[Event[Model]]:
    """Everything from now on, or after `last_event_id`, until the caller stops, or the platform refuses (ApiError: the token has
    expired, say). An event may come again right after a broken connection, with the same id."""
    lines, failures = Lines(last_event_id), 0
    while True:
        try:
            async for kind, data in _connection(transport, call, lines):
                failures = 0
                if kind == "error":
                    raise ApiError(int(data.get("status", 500)), data)
                yield Event(lines.last_event_id, kind, read(model, data))
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        except ApiError as error:
            if error.status not in WORTH_REPEATING:
                raise
            await asyncio.sleep(error.retry_after_s or 0)
        failures += 1
        longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**failures)
        await asyncio.sleep(lines.retry_s + random.uniform(0.5, 1.0) * longest_s)  # noqa: S311  (jitter, not a secret)


async def _connection(transport: Transport, call: Call, lines: Lines) -> AsyncIterator[tuple[str, Any]]:
    headers = {"Accept": "text/event-stream", **transport.authorization()}
    if lines.last_event_id:
        headers["Last-Event-ID"] = lines.last_event_id
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=SILENCE_S)
    async with transport.session.get(transport.url(call, {}), headers=headers, timeout=timeout) as response:
        if response.status != 200:
            raise await api_error(response)
        async for line in response.content:
            if event := lines.take(line.decode().rstrip("\r\n")):
                yield event[0], json.loads(event[1])
