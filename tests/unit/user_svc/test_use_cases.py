"""What use cases do that a real store cannot be made to show."""

from collections.abc import Collection
from datetime import UTC, datetime

import pytest
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from user_svc.model import Account, User
from user_svc.use_cases import CHANGE_ATTEMPTS, UserUseCases

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Contested:
    """Somebody else's change always comes first."""

    def __init__(self) -> None:
        self.version = 1

    async def get(self, user_id: str) -> User:
        return User(user_id, "ada@example.com", "Ada", NOON, NOON, version=self.version)

    async def update(self, user: User) -> bool:
        self.version += 1
        return False

    async def add(self, account: Account) -> None: ...

    async def find_account(self, key: str) -> Account | None: ...

    async def find_all(self, keys: Collection[str]) -> list[User]:
        raise NotImplementedError


class Nothing:
    """Stands for what a change does not need."""

    ttl_s = 0

    async def get(self, user_id: str) -> None: ...

    async def fill(self, user: User) -> None: ...

    async def put(self, user: User) -> None: ...

    async def hash(self, password: str) -> str:
        raise NotImplementedError

    async def matches(self, password: str, password_hash: str | None) -> bool:
        raise NotImplementedError

    def issue(self, user_id: str, name: str) -> str:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("etag", "reason", "attempts"),
    [("", reason_pb2.REASON_OVERLOADED, CHANGE_ATTEMPTS), ("1", reason_pb2.REASON_ETAG_MISMATCH, 1)],
)
async def test_a_change_gives_up_where_others_always_win(etag: str, reason: reason_pb2.Reason.ValueType, attempts: int) -> None:
    users, nothing = Contested(), Nothing()
    use_cases = UserUseCases(users, nothing, nothing, nothing, now=lambda: NOON, new_id=str)
    with pytest.raises(ServiceError) as raised:
        await use_cases.change_profile("ada", {"name": "Ada King"}, etag)
    assert raised.value.reason == reason
    assert users.version == 1 + attempts
