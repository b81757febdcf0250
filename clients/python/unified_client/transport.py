"""One HTTP call with a deadline, retries where they do no harm, and pages that follow each other."""

import asyncio
import contextlib
import io
import random
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

from unified_client.errors import ApiError, UnreachableError
from unified_client.wire import body_of, query_of, read

Model = TypeVar("Model")

IDEMPOTENCY_KEY = "Idempotency-Key"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
# Refused before anything was done, whatever the method.
NOT_DONE = frozenset({"rate_limited", "idempotency_in_progress"})
WORTH_REPEATING = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Call:
    """How a method of the contract is called over REST. One that `repeats` may be sent again after a failure as it is; one that
    `takes_key` under its idempotency key."""

    verb: str
    path: str
    repeats: bool = False
    takes_key: bool = False


@dataclass(frozen=True, slots=True)
class Retries:
    """`attempts` at a call at most, all within `timeout_s`, each answered within `answer_timeout_s`; between them growing random
    pauses, beside those that the platform asks for."""

    attempts: int = 4
    timeout_s: float = 30.0
    answer_timeout_s: float = 15.0


class Transport:
    """Connections to one platform, with the caller's `token`, which may change."""

    def __init__(self, base_url: str, token: str, retries: Retries) -> None:
        self.base_url, self.token, self._retries = base_url.rstrip("/"), token, retries
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use the client in `async with`")
        return self._session

    async def open(self) -> None:
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        call: Call,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        file: tuple[bytes, str] | None = None,
        etag: str | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """The answer's JSON, or None when it has none. `file` is a body that is no JSON, and its content type. Raises ApiError,
        UnreachableError."""
        headers = {"If-Match": f'"{etag}"'} if etag else {}
        if file is not None:
            headers["Content-Type"] = file[1]
        if call.takes_key:
            headers[IDEMPOTENCY_KEY] = idempotency_key or uuid.uuid4().hex
        url = self.url(call, path or {})
        options: dict[str, Any] = {"params": query_of(query or {}), "headers": headers}
        options |= {"json": None if body is None else body_of(body), "file": None if file is None else file[0]}
        ends = time.monotonic() + self._retries.timeout_s
        for attempt in range(1, self._retries.attempts + 1):
            try:
                return await self._once(call.verb, url, options, ends)
            except (ApiError, UnreachableError) as error:
                pause_s = _pause_s(error, attempt)
                may = _may_repeat(call, error) and attempt < self._retries.attempts
                if not may or time.monotonic() + pause_s > ends:
                    raise
            await asyncio.sleep(pause_s)
        raise AssertionError("unreachable")  # pragma: no cover

    async def pages(
        self, model: type[Model], name: str, call: Call, *, query: Mapping[str, Any], path: Mapping[str, str] | None = None
    ) -> AsyncIterator[Model]:
        """Everything of a list, page after page. `name` is the list's name in the answer."""
        token: str | None = None
        while True:
            page = await self.call(call, path=path, query={**query, **({"page_token": token} if token else {})})
            for each in page[name]:
                yield read(model, each)
            token = page.get("nextPageToken")
            if not token:
                return

    async def download(self, call: Call, *, query: Mapping[str, Any]) -> AsyncIterator[bytes]:
        """A file, piece by piece. Raises ApiError, and UnreachableError also where the file breaks off. It is asked for once."""
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self._retries.answer_timeout_s, sock_read=self._retries.answer_timeout_s
        )
        options: dict[str, Any] = {"params": query_of(query), "headers": self.authorization(), "timeout": timeout}
        try:
            async with self.session.request(call.verb, self.url(call, {}), **options) as response:
                if response.status >= 400:
                    raise await api_error(response)
                async for piece in response.content.iter_any():
                    yield piece
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"no file, or not all of it, from {self.base_url}: {error!r}") from error

    def url(self, call: Call, path: Mapping[str, str]) -> str:
        return self.base_url + call.path.format_map({name: quote(value, safe="") for name, value in path.items()})

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def _once(self, verb: str, url: str, options: Mapping[str, Any], ends: float) -> Any:
        timeout = aiohttp.ClientTimeout(total=max(0.1, min(self._retries.answer_timeout_s, ends - time.monotonic())))
        headers = {**options["headers"], **self.authorization()}
        sent: dict[str, Any] = {"params": options["params"], "headers": headers, "json": options["json"]}
        if options["file"] is not None:
            sent["data"] = io.BytesIO(options["file"])
        try:
            async with self.session.request(verb, url, **sent, timeout=timeout) as response:
                if response.status >= 400:
                    raise await api_error(response)
                return await response.json() if response.status != 204 else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"no answer from {self.base_url}: {error!r}") from error


async def api_error(response: aiohttp.ClientResponse) -> ApiError:
    """What a response that is no success says."""
    problem: Any = {}
    with contextlib.suppress(ValueError, aiohttp.ClientError):
        problem = await response.json(content_type=None)
    retry_after = response.headers.get("Retry-After", "")
    retry_after_s = float(retry_after) if retry_after.isdigit() else None
    return ApiError(response.status, problem if isinstance(problem, dict) else {}, retry_after_s)


def _may_repeat(call: Call, error: ApiError | UnreachableError) -> bool:
    if isinstance(error, ApiError):
        if error.code in NOT_DONE:
            return True
        if error.status not in WORTH_REPEATING:
            return False
    return call.repeats or call.takes_key


def _pause_s(error: ApiError | UnreachableError, attempt: int) -> float:
    asked_s = (error.retry_after_s if isinstance(error, ApiError) else None) or 0.0
    longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**attempt)
    jitter = random.uniform(0.5, 1.0)  # noqa: S311  (not a secret)
    return asked_s + jitter * longest_s
