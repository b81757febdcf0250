"""A real server with a servicer whose answers the tests script."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb
from unified.user.v1.user_service_pb2_grpc import (
    UserServiceServicer,
    UserServiceStub,
    add_UserServiceServicer_to_server,
)

from mesh.health import HealthWatch
from mesh.identity import CALLER
from mesh.interceptors import Context
from mesh.server import Service, serving
from mesh.tokens import TokenKeys, TokenVerifier
from tests.callers import reaching

if TYPE_CHECKING:
    from unified.user.v1.user_service_pb2_grpc import UserServiceAsyncStub

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SECRET = secrets.token_hex(32)
# Enough for clients on a busy machine to see that a server leaves.
LONG_GOODBYE_S = 5.0
USER_SERVICE = pb.DESCRIPTOR.services_by_name["UserService"]
REGISTRATION = pb.RegisterRequest(email="ada@example.com", password="correct horse", name="Ada")
LOGIN = pb.LoginRequest(email="ada@example.com", password="correct horse")

Answer = Callable[[], Awaitable[None]]


class Scripted(UserServiceServicer):
    """Every method does what `act` does, and counts; answers name the caller."""

    def __init__(self, act: Answer | None = None) -> None:
        self.act, self.calls = act, 0

    async def _act(self) -> None:
        self.calls += 1
        if self.act:
            await self.act()

    async def Register(self, request: pb.RegisterRequest, context: Context) -> pb.RegisterResponse:
        await self._act()
        return pb.RegisterResponse()

    async def Login(self, request: pb.LoginRequest, context: Context) -> pb.LoginResponse:
        await self._act()
        return pb.LoginResponse(token=_caller_id())

    async def GetProfile(self, request: pb.GetProfileRequest, context: Context) -> pb.GetProfileResponse:
        await self._act()
        return pb.GetProfileResponse(user=user_pb2.User(id=_caller_id()))

    async def UpdateProfile(self, request: pb.UpdateProfileRequest, context: Context) -> pb.UpdateProfileResponse:
        await self._act()
        return pb.UpdateProfileResponse()


def _caller_id() -> str:
    caller = CALLER.get()
    return caller.user_id if caller else "nobody"


@asynccontextmanager
async def server(
    servicer: Scripted | None = None,
    *,
    address: str = "127.0.0.1:0",
    health: HealthWatch | None = None,
    drain_s: float = 0,
    **options: Any,
) -> AsyncIterator[int]:
    """Yields the port. `options` are those of `serving`."""
    health = health or HealthWatch({}, needed=frozenset())
    service = Service(USER_SERVICE, servicer or Scripted(), add_UserServiceServicer_to_server)
    verifier = TokenVerifier(TokenKeys(secret=SECRET), issuer="unified", audience="unified")
    options = {"verifier": verifier, "health": health, "drain_s": drain_s, "connection_age_s": 60, **options}
    async with health.watching(), serving(address, [service], **options) as port:
        yield port


@asynccontextmanager
async def stub_of(servicer: Scripted, **options: Any) -> "AsyncIterator[UserServiceAsyncStub]":
    async with server(servicer, **options) as port, reaching(port) as channel:
        yield UserServiceStub(channel)


async def seen(channel: grpc.aio.Channel, part: str, *, until: int) -> None:
    """Watch the health of a part until it has this status."""
    watch: Any = health_pb2_grpc.HealthStub(channel).Watch  # type: ignore[attr-defined]
    async for answer in watch(health_pb2.HealthCheckRequest(service=part), timeout=10):
        if answer.status == until:
            return
