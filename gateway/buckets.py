"""The buckets that requests are counted in: whom each counts, how much it holds, and what each method takes from which."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gateway.bindings import Binding
from gateway.contract import ContractError
from gateway.settings import GatewaySettings
from mesh.identity import Caller


class Scope(Enum):
    """Whose requests a bucket counts together."""

    ADDRESS = "address"
    ACCOUNT = "account"
    USER = "user"


DEFAULT = "default"
# An account that nobody is signed in to is the e-mail address in this field of the request.
ACCOUNT_FIELD = "email"
SCOPES = {
    DEFAULT: Scope.ADDRESS,
    "login": Scope.ADDRESS,
    "login_account": Scope.ACCOUNT,
    "register": Scope.ADDRESS,
    "register_account": Scope.ACCOUNT,
    "write": Scope.USER,
    "stream": Scope.USER,
}
"""Every bucket that a contract may name. Each has its settings, RATE_LIMIT_<NAME>_MAX and RATE_LIMIT_<NAME>_WINDOW_SECONDS."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds `max` in each window of `window_s` seconds; a window begins with its first request."""

    name: str
    scope: Scope
    max: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What a request takes from a bucket: `cost`, or all that the bucket holds where that is less."""

    bucket: Bucket
    cost: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", min(self.cost, self.bucket.max))


@dataclass(frozen=True, slots=True)
class Charges:
    """What a request of one method takes: `first` by its address, `then`, once it is read, by its account or user."""

    first: Sequence[Charge]
    then: Sequence[Charge] = ()

    def spenders(self, request: Any, caller: Caller | None) -> list[str]:
        """Who pays each of `then`. `caller` is who sends the request, where somebody must be signed in."""
        return [_spender(charge.bucket.scope, request, caller) for charge in self.then]


def buckets_of(settings: GatewaySettings) -> dict[str, Bucket]:
    """All buckets by name, as the settings want them."""
    return {name: Bucket(name, scope, *settings.quota(name)) for name, scope in SCOPES.items()}


def nowhere(buckets: Mapping[str, Bucket]) -> Charges:
    """What a request takes that leads to no method."""
    return Charges((Charge(buckets[DEFAULT]),))


def charges_of(binding: Binding, buckets: Mapping[str, Bucket]) -> Charges:
    """What the contract wants a request of the binding to take. Raises ContractError where that cannot be counted."""
    try:
        charges = [Charge(_bucket(name, binding, buckets), binding.rest.cost or 1) for name in binding.rest.buckets]
    except ContractError as error:
        raise ContractError(f"{binding.name} {error}") from None
    if binding.rest.cost and not charges:
        raise ContractError(f"{binding.name} has a cost, but names no bucket that it could be taken from")
    first = [charge for charge in charges if charge.bucket.scope is Scope.ADDRESS]
    then = [charge for charge in charges if charge.bucket.scope is not Scope.ADDRESS]
    return Charges((*nowhere(buckets).first, *first), tuple(then))


def _bucket(name: str, binding: Binding, buckets: Mapping[str, Bucket]) -> Bucket:
    if name not in buckets:
        raise ContractError(f"names the bucket {name!r}, which has no settings")
    if name == DEFAULT or list(binding.rest.buckets).count(name) > 1:
        raise ContractError(f"names the bucket {name!r} where it is counted anyway")
    scope = buckets[name].scope
    if scope is Scope.USER and not binding.needs_caller:
        raise ContractError(f"names the bucket {name!r}, which counts users, but asks nobody to be signed in")
    if scope is Scope.ACCOUNT and ACCOUNT_FIELD not in binding.method.input_type.fields_by_name:
        raise ContractError(f"names the bucket {name!r}, which counts accounts, but has no field {ACCOUNT_FIELD!r}")
    return buckets[name]


def _spender(scope: Scope, request: Any, caller: Caller | None) -> str:
    if scope is Scope.ACCOUNT:
        return account_of(getattr(request, ACCOUNT_FIELD))
    assert caller is not None  # noqa: S101  (refused by `charges_of`)
    return caller.user_id


def account_of(email: str) -> str:
    """What stands for an e-mail address, in whatever case and form it is written: short, and no address to be read in Redis."""
    same = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())
    return hashlib.blake2b(same.encode(), digest_size=16).hexdigest()
