"""The users of a run: registered and signed in before anything goes wrong."""

import secrets
from typing import Any

import aiohttp

from tests.audit.client import Client
from tests.audit.load import User
from tests.audit.plan import Plan
from tests.audit.world import World
from tests.waiting import PATIENCE_S, eventually

# Unlike a write of the load, none of these has a key under which it could be sent again.
TIMEOUT = aiohttp.ClientTimeout(total=PATIENCE_S)


async def sign_up(session: aiohttp.ClientSession, world: World, plan: Plan) -> list[User]:
    return [await _sign_up(session, world, plan, number) for number in range(plan.users)]


async def _sign_up(session: aiohttp.ClientSession, world: World, plan: Plan, number: int) -> User:
    credentials = {"email": f"user{number}@example.com", "password": secrets.token_urlsafe(16)}
    user = await _post(session, f"{world.platform.base_url}/api/users/register", {**credentials, "name": f"User {number}"})
    login = await _post(session, f"{world.platform.base_url}/api/users/login", credentials)
    seed = plan.seed * plan.users + number
    return User(user["id"], Client(session, world.platform.base_urls, login["token"], seed=seed, keeps_key=plan.keeps_key))


async def _post(session: aiohttp.ClientSession, url: str, body: dict[str, str]) -> Any:
    """Again while there is nobody to answer it: what has only just started may be busy."""

    async def answer() -> tuple[int, Any]:
        async with session.post(url, json=body, timeout=TIMEOUT) as response:
            return response.status, await response.json()

    status, content = await eventually(answer, lambda answer: answer[0] != 503, interval_s=0.2)
    if status >= 400:
        raise RuntimeError(f"POST {url} was answered {status} {content}")
    return content
