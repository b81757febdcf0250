"""Lets in whom the contract's `access` option lets in."""

from typing import Any

from unified.api.v1 import options_pb2
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from mesh.identity import CALLER
from mesh.interceptors import Context, Handler, Method


def access(method: Method, handler: Handler) -> Handler:
    """Refuse callers who are not signed in where the method is for users."""
    match method.descriptor.GetOptions().Extensions[options_pb2.access]:
        case options_pb2.ACCESS_ANONYMOUS | options_pb2.ACCESS_INTERNAL:
            return handler
        case options_pb2.ACCESS_USER | options_pb2.ACCESS_DELEGATED:
            return _users_only(handler)
        case _:
            raise ValueError(f"{method.path} has no access option")


def _users_only(handler: Handler) -> Handler:
    async def call(request: Any, context: Context) -> Any:
        if CALLER.get() is None:
            raise ServiceError(reason_pb2.REASON_UNAUTHENTICATED, "an access token is needed")
        return await handler(request, context)

    return call
