"""The platform over gRPC: a channel that sends the token, bounds every call, and repeats what may be repeated.

Needs the extra `grpc`, and the stubs of the contract (`generated/`): `TaskServiceStub(channel)`.
"""

import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import grpc
from grpc import aio

from unified_client.safety import REPEATABLE, TAKES_KEY

TIMEOUT_S = 10.0
KEY = "idempotency-key"
RETRY_POLICY = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


def open_channel(
    target: str,
    *,
    token: str | Callable[[], str] = "",
    timeout_s: float = TIMEOUT_S,
    credentials: grpc.ChannelCredentials | None = None,
) -> aio.Channel:
    """A channel to one service; leave it with `async with`. `token` may be a function, where tokens are renewed. `timeout_s` is
    of the calls that set none themselves. Without credentials nothing is encrypted."""
    read_token = token if callable(token) else lambda: token
    options = [("grpc.service_config", json.dumps(service_config())), ("grpc.enable_retries", 1)]
    interceptors: list[Any] = [CallDetails(read_token, timeout_s)]
    if credentials is not None:
        return aio.secure_channel(target, credentials, options=options, interceptors=interceptors)
    return aio.insecure_channel(target, options=options, interceptors=interceptors)


def service_config() -> dict[str, Any]:
    """Retries of the methods that are safe to repeat as they are, or under the key that is sent with them; calls go round all
    addresses of the target."""
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [{"name": list(_names(REPEATABLE | TAKES_KEY)), "retryPolicy": RETRY_POLICY}],
    }


def _names(paths: Iterable[str]) -> Iterable[dict[str, str]]:
    for path in sorted(paths):
        _, service, method = path.split("/")
        yield {"service": service, "method": method}


class CallDetails(aio.UnaryUnaryClientInterceptor):
    """Adds to each call what all of them need."""

    def __init__(self, read_token: Callable[[], str], timeout_s: float) -> None:
        self._read_token, self._timeout_s = read_token, timeout_s

    async def intercept_unary_unary(self, continuation: Any, details: aio.ClientCallDetails, request: Any) -> Any:
        metadata = list(details.metadata or ())
        names = {name for name, _ in metadata}
        if (token := self._read_token()) and "authorization" not in names:
            metadata.append(("authorization", f"Bearer {token}"))
        path = details.method.decode() if isinstance(details.method, bytes) else details.method
        if path in TAKES_KEY and KEY not in names:
            metadata.append((KEY, uuid.uuid4().hex))
        timeout_s = self._timeout_s if details.timeout is None else details.timeout
        credentials, waits = details.credentials, details.wait_for_ready
        full = aio.ClientCallDetails(details.method, timeout_s, aio.Metadata(*metadata), credentials, waits)
        return await continuation(full, request)
