"""The routes that no contract states: health, the public keys of access tokens, and what always answers the same."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from unified.error.v1.reason_pb2 import REASON_ROUTE_NOT_FOUND

from gateway.errors import RestError
from gateway.health import OK, UNAVAILABLE, PlatformHealth
from gateway.transcoding.input_errors import InputErrors, InvalidRequestError
from gateway.transcoding.parameters import compile_query
from mesh.errors import unavailable

Page = Callable[[Sequence[str]], Awaitable[web.Response]]
"""Answers a GET, outside of limits and access. It gets the values of the path's variables."""

# What of a key may be shown: members of RFC 7517 and 7518 that hold nothing private.
PUBLIC_MEMBERS = frozenset({"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"})


_read_no_query = compile_query([])


def refuse_input(request: web.BaseRequest) -> None:
    """A page takes neither parameters nor a body. Raises InvalidRequestError."""
    errors = InputErrors()
    _read_no_query(request.rel_url.raw_query_string, errors)
    errors.raise_if_any()
    if request.can_read_body and request.content_length != 0:
        raise InvalidRequestError(f"{request.method} takes no body here")


def health_pages(health: PlatformHealth, is_draining: Callable[[], bool]) -> dict[str, Page]:
    """The health routes by path. `/health/ready` is the gateway's own need alone."""

    async def whole(_: Sequence[str]) -> web.Response:
        return json_response(health.report(), status=503 if health.status == UNAVAILABLE else 200)

    async def live(_: Sequence[str]) -> web.Response:
        return json_response({"status": OK})

    async def ready(_: Sequence[str]) -> web.Response:
        if is_draining():
            raise unavailable("the gateway")
        return json_response({"status": OK})

    return {
        "/health": whole,
        "/health/live": live,
        "/health/ready": ready,
        "/api/tasks/home": _service_page(health, "task_svc"),
        "/home/notifications/health": _service_page(health, "notify_svc"),
    }


def _service_page(health: PlatformHealth, name: str) -> Page:
    async def page(_: Sequence[str]) -> web.Response:
        status = health.services[name].status
        if status == UNAVAILABLE:
            raise unavailable(name)
        return json_response({"service": name, "status": status})

    return page


def jwks_page(jwks_file: Path | None) -> Page:
    """The public keys, or nothing where tokens are signed with a secret."""
    keys = None if jwks_file is None else {"keys": [_public(key) for key in orjson.loads(jwks_file.read_bytes())["keys"]]}

    async def page(_: Sequence[str]) -> web.Response:
        if keys is None:
            raise RestError(REASON_ROUTE_NOT_FOUND, "access tokens are signed with a secret, which has no public key")
        return json_response(keys)

    return page


def fixed_page(content_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> Page:
    """A page that always answers the same."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"Content-Type": content_type, "Cache-Control": "no-cache", "ETag": etag, **(headers or {})}

    async def page(_: Sequence[str]) -> web.Response:
        return web.Response(headers=headers, body=body)

    return page


def one_of(pages: Mapping[str, Page]) -> Page:
    """The page that the last segment of the path names."""

    async def page(path: Sequence[str]) -> web.Response:
        if path[-1] not in pages:
            raise RestError(REASON_ROUTE_NOT_FOUND, "there is no such document")
        return await pages[path[-1]](path)

    return page


def json_response(value: Any, *, status: int = 200) -> web.Response:
    return web.Response(status=status, headers={"Content-Type": "application/json"}, body=orjson.dumps(value))


def _public(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name in PUBLIC_MEMBERS}
