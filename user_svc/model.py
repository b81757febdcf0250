"""What a user is, and the rules that need no store."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

# What holds for users who have not said anything else.
UTC, ENGLISH = "UTC", "en"


@dataclass(frozen=True, slots=True)
class User:
    """A person or program with an account. `timezone` is an IANA name, `locale` a language tag of BCP 47. `version` counts the
    account's states, from 1; times are in UTC, in milliseconds."""

    id: str
    email: str
    name: str
    create_time: datetime
    update_time: datetime
    timezone: str = UTC
    locale: str = ENGLISH
    version: int = 1

    @property
    def etag(self) -> str:
        return str(self.version)

    def changed(self, changes: Mapping[str, Any], at: datetime) -> "User":
        """The user's next version, or this one when nothing differs. `changes` maps names of fields to new values."""
        new = {name: value for name, value in changes.items() if value != getattr(self, name)}
        return replace(self, **new, update_time=at, version=self.version + 1) if new else self


@dataclass(frozen=True, slots=True)
class Account:
    """A user together with what proves that somebody is this user."""

    user: User
    password_hash: str


def email_key(email: str) -> str:
    """What is unique about an e-mail address: the same for every case and every compatible form of its characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())
