"""A client of the REST surface that behaves as the platform's documentation asks: the same key and body again until it knows."""

import asyncio
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.audit.operations import Kind, Operation, Outcome

TRY_TIMEOUT_S = 5.0
# Longer than a transaction that a killed service left open holds its key.
PATIENCE_S = 45.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
# How long before the due time a task that has one reminds of it.
REMIND_BEFORE_S = 1
CREATED_AT = "/api/tasks/upload"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: dict[str, Any]
    replayed: bool

    @property
    def settles(self) -> bool:
        """Whether it says what became of the request; everything else may be tried again."""
        return self.status < 500 and self.status != 429 and self.body.get("code") != "idempotency_in_progress"


class Client:
    """Sends the writes of one user, each try to any of the gateways."""

    def __init__(
        self, session: aiohttp.ClientSession, gateways: Sequence[str], token: str, *, seed: int, keeps_key: bool
    ) -> None:
        self._session, self._gateways, self._keeps_key = session, gateways, keeps_key
        self._authorization = {"Authorization": f"Bearer {token}"}
        self._random = random.Random(seed)

    async def write(self, operation: Operation) -> Operation:
        """What is known of it in the end. Only a write with a key is tried again."""
        give_up_at = time.monotonic() + PATIENCE_S
        tries, pause_s = 0, FIRST_PAUSE_S
        while True:
            tries += 1
            answer = await self._try(operation, first=tries == 1)
            if answer is not None and answer.settles:
                return _concluded(operation, answer, tries)
            if operation.key is None or time.monotonic() > give_up_at:
                return replace(operation, tries=tries, answered_at=time.monotonic())
            await asyncio.sleep(pause_s * self._random.random())
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _try(self, operation: Operation, *, first: bool) -> Answer | None:
        method, path, body = _request(operation)
        headers = dict(self._authorization)
        if operation.key is not None and (first or self._keeps_key):
            headers["Idempotency-Key"] = operation.key
        return await self.ask(method, path, body, headers)

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer | None:
        """One request to any gateway; nothing where no answer came."""
        url = self._random.choice(self._gateways) + path
        try:
            async with self._session.request(method, url, json=body, headers=headers or self._authorization) as response:
                content = await response.json(content_type=None) if response.status != 204 else {}
                return Answer(response.status, content, "Idempotency-Replayed" in response.headers)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None


def new_key() -> str:
    return secrets.token_urlsafe(16)


def path_of(task_id: str | None) -> str:
    return f"/api/tasks/{task_id}"


def described(title: str) -> str:
    """A second field that every write sets, so that a write that is only half there shows."""
    return f"about {title}"


def utc_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _request(operation: Operation) -> tuple[str, str, Any]:
    values: dict[str, Any] = {"title": operation.title, "description": described(operation.title)}
    if operation.assignee_id is not None:
        values["assigneeId"] = operation.assignee_id
    if operation.due_at is not None:
        values |= {"dueTime": utc_text(operation.due_at), "reminders": [{"before": f"{REMIND_BEFORE_S}s"}]}
    path = path_of(operation.task_id)
    match operation.kind:
        case Kind.COMMENT:
            return "POST", f"{path}/comments", {"body": operation.title}
        case Kind.CREATE:
            return "POST", CREATED_AT, values
        case Kind.CHANGE:
            return ("PUT", "PATCH")[operation.number % 2], path, values
        case Kind.DELETE:
            return "DELETE", path, None


def _concluded(operation: Operation, answer: Answer, tries: int) -> Operation:
    told = replace(operation, tries=tries, answered_at=time.monotonic(), replayed=answer.replayed)
    if answer.status >= 400:
        # After a try whose outcome is unknown, a refusal says nothing about that one.
        return replace(told, outcome=Outcome.REFUSED if tries == 1 else Outcome.UNKNOWN)
    if operation.kind in (Kind.DELETE, Kind.COMMENT):
        return replace(told, outcome=Outcome.ACKNOWLEDGED)
    return replace(told, outcome=Outcome.ACKNOWLEDGED, version=int(answer.body["etag"]), task_id=answer.body["id"])
