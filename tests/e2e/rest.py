"""People who use the platform as everybody does: by HTTP."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from tests.conformance import conformance
from tests.waiting import eventually

TIMEOUT = aiohttp.ClientTimeout(total=30)
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Answer:
    """What came back: `json` is nothing when there was no body."""

    status: int
    headers: Mapping[str, str]
    json: Any

    def expect(self, status: int) -> Any:
        """The JSON of an answer that has this status."""
        assert self.status == status, (self.status, self.json)
        return self.json


class Client:
    """Sends requests, for somebody who may be signed in."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self.session, self.base_url, self.headers = session, base_url, dict(headers or {})

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """`body` becomes JSON; what else aiohttp takes can be given as well. The answer must be as the document says."""
        headers = {**self.headers, **options.pop("headers", {})}
        if body is not None:
            options["json"] = body
        async with self.session.request(method, self.base_url + path, headers=headers, **options) as response:
            content = await response.read()
            conformance().check(method, path, response.status, response.headers, content)
            return Answer(response.status, response.headers, orjson.loads(content) if content else None)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("POST", path, body, **options)

    async def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("PUT", path, body, **options)

    async def patch(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.send("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.send("DELETE", path, **options)

    async def sign_up(self, name: str = "Ada") -> "Person":
        """A new user, signed in."""
        email = f"{name.lower()}.{secrets.token_hex(6)}@example.com"
        account = {"email": email, "password": PASSWORD, "name": name}
        user = (await self.post("/api/users/register", account)).expect(201)
        token = (await self.post("/api/users/login", {"email": email, "password": PASSWORD})).expect(200)["token"]
        return Person(self.session, self.base_url, user, token)


class Person(Client):
    """Somebody who is signed in."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, user: dict[str, Any], token: str) -> None:
        super().__init__(session, base_url, {"Authorization": f"Bearer {token}"})
        self.user, self.token = user, token

    async def creates(self, **values: Any) -> dict[str, Any]:
        task: dict[str, Any] = (await self.post("/api/tasks", {"title": "Ship it", **values})).expect(201)
        return task

    async def notifications(self) -> list[dict[str, Any]]:
        """All of them, newest first."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            page = (await self.get("/api/notifications", params={"pageToken": token} if token else {})).expect(200)
            found += page["notifications"]
            token = page.get("nextPageToken", "")
            if not token:
                return found

    async def is_notified(self, count: int) -> list[dict[str, Any]]:
        """Wait until there are so many notifications; more than that is a failure."""
        interval_s = 0.5 if count > 100 else 0.05
        found = await eventually(self.notifications, lambda found: len(found) >= count, interval_s=interval_s)
        assert len(found) == count, found
        return found


@asynccontextmanager
async def visiting(base_url: str) -> AsyncIterator[Client]:
    """Somebody who is not signed in."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        yield Client(session, base_url)
