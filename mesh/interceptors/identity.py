"""Knows the caller from the access token in the metadata, verified here again: no hop is trusted on its word."""

from typing import Any

from unified.api.v1 import options_pb2
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from mesh.identity import CALLER, Caller
from mesh.interceptors import Context, Handler, Interceptor, Method
from mesh.tokens import TokenVerifier

SCHEME = "bearer "


def identity(verifier: TokenVerifier) -> Interceptor:
    """Verify the token where one is sent. Whether one is needed is access's to say."""

    def intercept(method: Method, handler: Handler) -> Handler:
        if method.descriptor.GetOptions().Extensions[options_pb2.access] == options_pb2.ACCESS_ANONYMOUS:
            # Who signs in anew may still send the token that has expired.
            return handler

        async def call(request: Any, context: Context) -> Any:
            CALLER.set(_caller(verifier, context))
            return await handler(request, context)

        return call

    return intercept


def _caller(verifier: TokenVerifier, context: Context) -> Caller | None:
    sent = [value for key, value in context.invocation_metadata() or () if key == "authorization"]
    if not sent:
        return None
    # Of two of them another hop might read the other one.
    if len(sent) > 1 or not isinstance(sent[0], str) or not sent[0].lower().startswith(SCHEME):
        raise ServiceError(reason_pb2.REASON_UNAUTHENTICATED, "the authorization metadata is not one bearer token")
    return verifier.verify(sent[0][len(SCHEME) :].strip())
