"""`make demo`: a person registers, creates and changes a task over REST, and sees the notifications arrive."""

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
            await _Story(session).tell()
        except aiohttp.ClientConnectionError:
            raise StartError(f"nothing answers on port {port}: start the platform with `make up` first") from None
    return 0


class _Story:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._headers: dict[str, str] = {}

    async def tell(self) -> None:
        password = secrets.token_urlsafe(16)
        email = f"ann.{secrets.token_hex(4)}@example.com"
        print(f"\nAnn registers as {email}.")
        await self._request("POST", "/api/users/register", {"email": email, "password": password, "name": "Ann"})
        print("\nShe logs in.")
        login = await self._request("POST", "/api/users/login", {"email": email, "password": password})
        self._headers = {"Authorization": f"Bearer {login['token']}"}
        print("\nShe creates a task.")
        task = await self._request("POST", "/api/tasks/upload", {"title": "Water the plants", "priority": "high"})
        await self._wait_for_notifications(1)
        print("\nShe starts working on it.")
        await self._request("PUT", f"/api/tasks/{task['id']}", {"status": "in_progress"})
        await self._wait_for_notifications(2)
        print("\nThat was it: each change became exactly one notification.")

    async def _wait_for_notifications(self, count: int) -> None:
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
        newest = latest[0]
        print(f"  notified after {time.monotonic() - begin:.2f} s: {newest['type']}: {newest['title']}")

    async def _request(self, method: str, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        async with self._session.request(method, path, json=body, headers=self._headers) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
        shown = {name: "..." if name in ("password", "token") else value for name, value in body.items()}
        print(f"  {method} {path} {json.dumps(shown)}\n  {response.status} {json.dumps(_without_token(answer))}")
        if response.status >= 400:
            raise StartError("the platform refused this; `make logs` may say why")
        return answer

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(path, headers=self._headers) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
        if response.status >= 400:
            raise StartError(f"GET {path} was answered {response.status} {json.dumps(answer)}")
        return answer


def _without_token(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: f"{value[:10]}..." if name.lower().endswith("token") else value for name, value in answer.items()}
