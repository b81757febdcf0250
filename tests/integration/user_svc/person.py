"""Somebody who uses the user service in tests."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb

from tests.callers import bearer

if TYPE_CHECKING:
    from unified.user.v1.user_service_pb2_grpc import UserServiceAsyncStub

PASSWORD = "correct horse battery"
TIMEOUT_S = 20.0


class Visitor:
    """Somebody without a token."""

    def __init__(self, stub: "UserServiceAsyncStub", *, wait_for_ready: bool = False) -> None:
        self.stub, self._wait = stub, wait_for_ready

    async def register(self, email: str, password: str = PASSWORD) -> user_pb2.User:
        request = pb.RegisterRequest(email=email, password=password, name="Ada Lovelace")
        return (await self.stub.Register(request, timeout=TIMEOUT_S, wait_for_ready=self._wait)).user

    async def login(self, email: str, password: str = PASSWORD) -> pb.LoginResponse:
        request = pb.LoginRequest(email=email, password=password)
        return await self.stub.Login(request, timeout=TIMEOUT_S, wait_for_ready=self._wait)


@dataclass(frozen=True)
class Person:
    """Somebody who has registered and signed in."""

    stub: "UserServiceAsyncStub"
    user: user_pb2.User
    token: str

    @classmethod
    async def new(cls, visitor: Visitor, email: str) -> "Person":
        user = await visitor.register(email)
        return cls(visitor.stub, user, (await visitor.login(email)).token)

    async def profile(self) -> user_pb2.User:
        answer = await self.stub.GetProfile(pb.GetProfileRequest(), metadata=bearer(self.token), timeout=TIMEOUT_S)
        return answer.user

    async def rename(self, name: str, etag: str = "") -> user_pb2.User:
        return await self.change(etag, name=name)

    async def change(self, etag: str = "", **fields: Any) -> user_pb2.User:
        """Change these fields; None clears one."""
        request = pb.UpdateProfileRequest(user=user_pb2.User(**fields), etag=etag)
        request.update_mask.paths.extend(fields)
        return await self.update(request)

    async def update(self, request: pb.UpdateProfileRequest) -> user_pb2.User:
        answer = await self.stub.UpdateProfile(request, metadata=bearer(self.token), timeout=TIMEOUT_S)
        return answer.user
