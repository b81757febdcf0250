"""The platform over REST."""

from types import TracebackType
from typing import Self

from unified_client.methods import Services
from unified_client.models import User
from unified_client.transport import Retries, Transport


class Client(Services):
    """`async with Client("http://127.0.0.1:3000") as client: await client.sign_in(email, password)`.

    What the platform offers hangs here by resource: `client.tasks.create_task(title="Ship it")`. Every method raises ApiError
    where the platform refuses, and UnreachableError where no answer came.
    """

    def __init__(self, base_url: str, *, token: str = "", retries: Retries | None = None) -> None:
        self._transport = Transport(base_url, token, retries or Retries())
        super().__init__(self._transport)

    async def sign_in(self, email: str, password: str) -> User:
        """Log in, and send the token with all that follows."""
        login = await self.users.login(email=email, password=password)
        if login.user is None:
            raise RuntimeError("the platform answered a login without a user")
        self._transport.token = login.token
        return login.user

    @property
    def token(self) -> str:
        return self._transport.token

    @token.setter
    def token(self, token: str) -> None:
        self._transport.token = token

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._transport.close()
