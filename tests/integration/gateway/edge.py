"""A real gateway in this process, and a client for it."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import pytest

from dev.ports import free_port
from gateway.app import app
from gateway.settings import GatewaySettings
from tests.integration.gateway.services import ScriptedServices
from tests.waiting import PATIENCE_S

SECRET = secrets.token_hex(32)
USER_ID = "665f1f77bcf86cd799439011"
# What a gateway gives calls, heads and bodies where a test wants their end.
HASTY_S = 0.5


def access_token(**claims: Any) -> str:
    """Valid for a minute, unless the claims say otherwise."""
    now = int(time.time())
    standard = {"iss": "unified", "aud": "unified", "sub": USER_ID, "iat": now, "exp": now + 60, "jti": secrets.token_hex(8)}
    return jwt.encode(standard | claims, SECRET, algorithm="HS256")


def edge_settings(services: ScriptedServices, redis_url: str, **settings: Any) -> GatewaySettings:
    given: dict[str, Any] = {
        "jwt_secret": SECRET,
        "redis_url": redis_url,
        "api_gateway_port": free_port(),
        "user_service_target": services.target,
        "task_service_target": services.target,
        "notification_service_target": services.target,
        "rate_limit_max": 1_000_000,
        "rate_limit_login_max": 1_000_000,
        "rate_limit_register_max": 1_000_000,
        "health_interval_seconds": 0.05,
        "drain_seconds": 5,
    }
    return GatewaySettings(**(given | settings))


def environment_of(services: ScriptedServices, redis_url: str) -> dict[str, str]:
    """The settings of a gateway that is a process."""
    return {
        "API_GATEWAY_PORT": str(free_port()),
        "JWT_SECRET": SECRET,
        "REDIS_URL": redis_url,
        "USER_SERVICE_TARGET": services.target,
        "TASK_SERVICE_TARGET": services.target,
        "NOTIFICATION_SERVICE_TARGET": services.target,
        "DRAIN_SECONDS": "2",
    }


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    text: str
    json: Any


@dataclass(frozen=True)
class Edge:
    """`call` sends a request as a signed-in user; headers that are None are left out."""

    port: int
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def authorization(self) -> str:
        return f"Bearer {access_token()}"

    async def call(self, method: str, path: str, *, headers: dict[str, str | None] | None = None, **options: Any) -> Answer:
        sent = {"Authorization": self.authorization} | (headers or {})
        given = {name: value for name, value in sent.items() if value is not None}
        async with self.session.request(method, path, headers=given, **options) as response:
            text = await response.text()
            is_json = "json" in response.content_type
            return Answer(response.status, response.headers, text, await response.json(content_type=None) if is_json else None)


@asynccontextmanager
async def running_edge(settings: GatewaySettings, *, redis_timeout_s: float = PATIENCE_S) -> AsyncIterator[Edge]:
    """It waits for Redis and for what services say of themselves: on a busy machine, either may be late without being gone."""
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("gateway.health.STATUS_TIMEOUT_S", PATIENCE_S)
        with pytest.MonkeyPatch.context() as while_opening:
            while_opening.setattr("mesh.redis.TIMEOUT_S", redis_timeout_s)
            port = await stack.enter_async_context(app(settings))
        yield Edge(port, await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}")))
