"""The users of a run: registered and signed in before anything goes wrong."""

import secrets
from typing import Any

import aiohttp

from tests.audit.client import Client
from tests.audit.load import User
from tests.audit.plan import Plan
from tests.audit.world import World


async def sign_up(session: aiohttp.ClientSession, world: World, plan: Plan) -> list[User]:
    return [await _sign_up(session, world, plan, number) for number in range(plan.users)]


async def _sign_up(session: aiohttp.ClientSession, world: World, plan: Plan, number: int) -> User:
    credentials = {"email": f"user{number}@example.com", "password": secrets.token_urlsafe(16)}
    user = await _post(session, f"{world.platform.base_url}/api/users/register", {**credentials, "name": f"User {number}"})
    login = await _post(session, f"{world.platform.base_url}/api/users/login", credentials)
    seed = plan.seed * plan.users + number
    return User(user["id"], Client(session, world.platform.base_urls, login["token"], seed=seed, keeps_key=plan.keeps_key))


async def _post(session: aiohttp.ClientSession, url: str, body: dict[str, str]) -> Any:
    async with session.post(url, json=body) as response:
        if response.status >= 400:
            raise RuntimeError(f"POST {url} was answered {response.status} {await response.text()}")
        return await response.json()
