"""What a user is, and the rules that need no store."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person or program with an account. `version` counts the account's states, from 1; times are in UTC."""

    id: str
    email: str
    name: str
    create_time: datetime
    update_time: datetime
    version: int = 1

    @property
    def etag(self) -> str:
        return str(self.version)

    def changed(self, changes: "UserChanges", at: datetime) -> "User":
        """The user's next version, or this one when nothing differs."""
        name = self.name if changes.name is None else changes.name
        if name == self.name:
            return self
        return replace(self, name=name, update_time=at, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class UserChanges:
    """New values; None leaves a field as it is."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A user together with what proves that somebody is this user."""

    user: User
    password_hash: str


def email_key(email: str) -> str:
    """What is unique about an e-mail address: the same for every case and every compatible form of its characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())
