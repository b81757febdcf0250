"""Who calls: known from a verified token, never from a header with a name in it."""

from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in user. `token` is what proved it, to be passed on to other services; `expires_at` is in Unix seconds; `name` is
    what the user is called, as the token says it, and empty where it does not."""

    user_id: str
    expires_at: float
    token: str = field(repr=False)
    name: str = ""


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current_caller() -> Caller:
    """The caller of the call being served. Only for methods whose access is a user's: the chain let nobody else in."""
    caller = CALLER.get()
    if caller is None:
        raise RuntimeError("this method admits anonymous callers, so it has no caller to ask for")
    return caller
