"""What people can do with accounts: register, sign in, read and change their profile."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from user_svc.model import Account, User, email_key

log = logging.getLogger(__name__)

# An attempt fails only when another change of the same user succeeded meanwhile.
CHANGE_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A user in the directory, and the key that found the user."""

    key: str
    id: str
    name: str


class UserRepository(Protocol):
    async def add(self, account: Account) -> None:
        """Store a new account. Raises ServiceError(EMAIL_TAKEN)."""

    async def get(self, user_id: str) -> User | None: ...

    async def find_account(self, key: str) -> Account | None:
        """The account whose e-mail address has this `email_key`."""

    async def find_all(self, keys: Collection[str]) -> list[User]:
        """Those whose id, or whose address's `email_key`, is among the keys."""

    async def update(self, user: User) -> bool:
        """Store the user's next version; answers False, and stores nothing, unless the version before it is stored."""


class ProfileCache(Protocol):
    """Copies of users. No method fails: without the cache, everything is a miss."""

    async def get(self, user_id: str) -> User | None: ...

    async def fill(self, user: User) -> None:
        """Keep a user that was read, unless a newer version is kept."""

    async def put(self, user: User) -> None:
        """Keep a user that was changed, unless a newer version is kept."""


class Passwords(Protocol):
    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right. Without a hash, the same work for the answer no."""


class TokenIssuer(Protocol):
    ttl_s: int

    def issue(self, user_id: str, name: str) -> str: ...


@dataclass(frozen=True, slots=True)
class SignIn:
    """A successful sign-in; `expires_in_s` is the token's life."""

    token: str
    expires_in_s: int
    user: User


class UserUseCases:
    def __init__(
        self,
        users: UserRepository,
        cache: ProfileCache,
        passwords: Passwords,
        tokens: TokenIssuer,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._users, self._cache, self._passwords, self._tokens = users, cache, passwords, tokens
        self._now, self._new_id = now, new_id

    async def register(self, email: str, password: str, name: str) -> User:
        password_hash = await self._passwords.hash(password)
        now = self._now()
        user = User(self._new_id(), email, name, create_time=now, update_time=now)
        try:
            await self._users.add(Account(user, password_hash))
        except ServiceError as error:
            log.info("registration refused", extra={"reason": error.info.code})
            raise
        log.info("user registered", extra={"user_id": user.id})
        return user

    async def login(self, email: str, password: str) -> SignIn:
        account = await self._users.find_account(email_key(email))
        matches = await self._passwords.matches(password, account.password_hash if account else None)
        if account is None or not matches:
            log.info("sign-in refused", extra={"user_id": account.user.id if account else ""})
            raise ServiceError(reason_pb2.REASON_INVALID_CREDENTIALS, "the e-mail address or the password is wrong")
        log.info("user signed in", extra={"user_id": account.user.id})
        return SignIn(self._tokens.issue(account.user.id, account.user.name), self._tokens.ttl_s, account.user)

    async def profile(self, user_id: str) -> User:
        user = await self._cache.get(user_id)
        if user is None:
            user = await self._existing(user_id)
            await self._cache.fill(user)
        return user

    async def change_profile(self, user_id: str, changes: Mapping[str, Any], etag: str) -> User:
        """Change what differs. With an etag only that version is changed, without one whichever is stored."""
        for _ in range(CHANGE_ATTEMPTS):
            user = await self._existing(user_id)
            if etag and etag != user.etag:
                raise ServiceError(reason_pb2.REASON_ETAG_MISMATCH, "the user has changed; read it again")
            changed = user.changed(changes, at=self._now())
            if changed is user:
                return user
            if await self._users.update(changed):
                await self._cache.put(changed)
                log.info("user changed", extra={"user_id": user_id})
                return changed
        raise ServiceError(reason_pb2.REASON_OVERLOADED, "too many changes of this user at once", retry_after_s=1)

    async def look_up(self, keys: Sequence[str]) -> list[Entry]:
        """Who goes by these keys, ids and addresses mixed; nobody for a key is left out."""
        users = await self._users.find_all({email_key(key) for key in keys})
        found = {user.id: user for user in users} | {email_key(user.email): user for user in users}
        entries = ((key, found.get(email_key(key))) for key in keys)
        return [Entry(key, user.id, user.name) for key, user in entries if user]

    async def _existing(self, user_id: str) -> User:
        user = await self._users.get(user_id)
        if user is None:
            raise ServiceError(reason_pb2.REASON_USER_NOT_FOUND, "the user does not exist")
        return user
