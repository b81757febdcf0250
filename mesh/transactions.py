"""A transaction around a call: repositories join it by `session()`, and what must wait for its success by `after_commit`."""

import asyncio
import contextlib
import contextvars
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import pymongo
from pymongo import AsyncMongoClient, _csot
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from mesh.mongo import READ_CONCERN, WRITE_CONCERN, Document

Result = TypeVar("Result")

TRANSIENT = "TransientTransactionError"
UNKNOWN_COMMIT = "UnknownTransactionCommitResult"
PAUSE_S = 0.02
ABORT_TIMEOUT_S = 1.0


class _Transaction:
    def __init__(self, session: AsyncClientSession) -> None:
        self.session = session
        self.after_commit: list[Callable[[], Any]] = []


_CURRENT: ContextVar[_Transaction | None] = ContextVar("transaction", default=None)


def session() -> AsyncClientSession | None:
    """The session of the transaction around this call, to be passed to every operation; nothing where there is none."""
    transaction = _CURRENT.get()
    return transaction.session if transaction else None


def after_commit(action: Callable[[], Any]) -> None:
    """Do this once what was written counts: now, or when the transaction around this call is committed."""
    transaction = _CURRENT.get()
    if transaction:
        transaction.after_commit.append(action)
    else:
        action()


async def in_transaction(client: AsyncMongoClient[Document], work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work in one transaction, again when it met another one, until the caller's deadline ends it.

    A commit whose outcome is unknown is repeated, never the work. When the deadline comes first, the outcome stays unknown.
    Inside another transaction the work becomes a part of that.
    """
    if session():
        return await work()
    async with client.start_session() as open_session:
        while True:
            try:
                return await _attempt(open_session, work)
            except PyMongoError as error:
                if not error.has_error_label(TRANSIENT) or error.timeout:
                    raise
            await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311  (jitter, not a secret)


async def in_own_time(work: Callable[[], Awaitable[Result]], timeout_s: float) -> Result:
    """Do the work with a timeout of its own for the driver, not with what is left of the caller's: for calls that do much, bit by
    bit. The deadline of the call itself still ends it."""

    async def alone() -> Result:
        _csot.reset_all()
        with pymongo.timeout(timeout_s):
            return await work()

    # A task has its own copy of what the driver remembers of the time.
    return await asyncio.create_task(alone())


async def _attempt(open_session: AsyncClientSession, work: Callable[[], Awaitable[Result]]) -> Result:
    transaction = _Transaction(open_session)
    async with _entered(transaction):
        result = await work()
        await _commit(open_session)
    for action in transaction.after_commit:
        action()
    return result


@contextlib.asynccontextmanager
async def _entered(transaction: _Transaction) -> AsyncIterator[None]:
    """Start it, make it the current one, and abort it unless it was committed."""
    await transaction.session.start_transaction(READ_CONCERN, WRITE_CONCERN)
    token = _CURRENT.set(transaction)
    try:
        yield
    except BaseException:
        if transaction.session.in_transaction:
            # In a context of its own: the caller's deadline, which may be why we are here, must not stop it.
            await asyncio.create_task(_abort(transaction.session), context=contextvars.Context())
        raise
    finally:
        _CURRENT.reset(token)


async def _abort(open_session: AsyncClientSession) -> None:
    """Free what the transaction holds. When this fails too, the server does it by itself after a while."""
    with contextlib.suppress(PyMongoError), pymongo.timeout(ABORT_TIMEOUT_S):
        await open_session.abort_transaction()


async def _commit(open_session: AsyncClientSession) -> None:
    while True:
        try:
            return await open_session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label(UNKNOWN_COMMIT) or error.timeout:
                raise
        await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311  (jitter, not a secret)
