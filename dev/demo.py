"""`make demo`: over REST, somebody creates a task for somebody else, who takes it up; both see the notifications arrive."""

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from dev.configuration import Ports, read_configuration
from dev.process import StartError

_REQUEST_TIMEOUT_S = 10.0
_PATIENCE_S = 20.0
_POLL_INTERVAL_S = 0.2


async def demo() -> int:
    port = read_configuration().given.get("API_GATEWAY_PORT") or Ports().api_gateway_port
    timeout = aiohttp.ClientTimeout(total=_REQUEST_TIMEOUT_S)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=timeout) as session:
        try:
            await _tell(session)
        except aiohttp.ClientConnectionError:
            raise StartError(f"nothing answers on port {port}: start the platform with `make up` first") from None
    return 0


async def _tell(session: aiohttp.ClientSession) -> None:
    ann, ben = _Person("Ann", session), _Person("Ben", session)
    for person in (ann, ben):
        await person.joins()
    print("\nAnn creates a task for Ben.")
    values = {"title": "Water the plants", "priority": "high", "assigneeId": ben.email}
    task = await ann.request("POST", "/api/tasks/upload", values)
    await asyncio.gather(ann.is_notified(1), ben.is_notified(1))
    print("\nBen starts working on it.")
    await ben.request("PUT", f"/api/tasks/{task['id']}", {"status": "in_progress"})
    await asyncio.gather(ann.is_notified(2), ben.is_notified(2))
    print("\nThat was it: each change became exactly one notification for each of them.")


class _Person:
    """Somebody who uses the platform."""

    def __init__(self, name: str, session: aiohttp.ClientSession) -> None:
        self.name, self.email = name, f"{name.lower()}.{secrets.token_hex(4)}@example.com"
        self._session = session
        self._headers: dict[str, str] = {}

    async def joins(self) -> None:
        password = secrets.token_urlsafe(16)
        print(f"\n{self.name} registers as {self.email}, and logs in.")
        await self.request("POST", "/api/users/register", {"email": self.email, "password": password, "name": self.name})
        login = await self.request("POST", "/api/users/login", {"email": self.email, "password": password})
        self._headers = {"Authorization": f"Bearer {login['token']}"}

    async def is_notified(self, count: int) -> None:
        begin = time.monotonic()
        while True:
            latest = (await self._get("/api/notifications/latest"))["notifications"]
            if len(latest) >= count:
                break
            if time.monotonic() - begin > _PATIENCE_S:
                raise StartError(f"no notification came within {_PATIENCE_S:.0f} s; GET /health says what is not well")
            await asyncio.sleep(_POLL_INTERVAL_S)
        if len(latest) != count:
            raise StartError(f"{len(latest)} notifications came for {count} changes")
        print(f"  {self.name} is notified after {time.monotonic() - begin:.2f} s: {latest[0]['type']}: {latest[0]['title']}")

    async def request(self, method: str, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        async with self._session.request(method, path, json=body, headers=self._headers) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
        shown = {name: "..." if name in ("password", "token") else value for name, value in body.items()}
        print(f"  {method} {path} {json.dumps(shown)}\n  {response.status} {json.dumps(_without_token(answer))}")
        if response.status == 429:
            raise StartError(_limited(response, answer))
        if response.status >= 400:
            raise StartError("the platform refused this; `make logs` may say why")
        return answer

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(path, headers=self._headers) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
        if response.status == 429:
            raise StartError(_limited(response, answer))
        if response.status >= 400:
            raise StartError(f"GET {path} was answered {response.status} {json.dumps(answer)}")
        return answer


def _limited(response: aiohttp.ClientResponse, answer: Mapping[str, Any]) -> str:
    bucket = answer.get("bucket", "default")
    setting = "RATE_LIMIT_MAX" if bucket == "default" else f"RATE_LIMIT_{bucket.upper()}_MAX"
    wait_s = response.headers.get("Retry-After", "some")
    return f"there were too many requests: try again in {wait_s} s, or set {setting} higher in .env, and `make up` again"


def _without_token(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: f"{value[:10]}..." if name.lower().endswith("token") else value for name, value in answer.items()}
