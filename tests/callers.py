"""Who calls the services in tests, and how: users whose tokens are signed as the user service signs them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import jwt

from mesh.channel import open_channel
from tests.waiting import PATIENCE_S

Metadata = tuple[tuple[str, str], ...]


def bearer(token: str) -> Metadata:
    """What a gRPC call carries."""
    return (("authorization", f"Bearer {token}"),)


def signed_in(user_id: str, secret: str, *, for_s: int = 600) -> Metadata:
    """What a call of this user carries, where services trust the secret."""
    now = int(time.time())
    claims = {"iss": "unified", "aud": "unified", "sub": user_id, "iat": now, "exp": now + for_s, "jti": "of a test"}
    return bearer(jwt.encode(claims, secret, algorithm="HS256"))


@asynccontextmanager
async def reaching(port: int, process: str = "", **options: Any) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the service on this port, once it is connected: on a busy machine the first attempts may be given up. The rest
    is as for `open_channel`."""
    async with open_channel(f"127.0.0.1:{port}", process, **options) as channel:
        await asyncio.wait_for(channel.channel_ready(), PATIENCE_S)
        yield channel
