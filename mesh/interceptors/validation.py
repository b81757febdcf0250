"""Refuses requests that break the contract's field rules, naming every field."""

from typing import Any

from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from mesh.interceptors import Context, Handler, Method
from mesh.validation import compile_rules


def validation(method: Method, handler: Handler) -> Handler:
    """Check the request before the handler sees it."""
    check = compile_rules(method.descriptor.input_type)

    async def call(request: Any, context: Context) -> Any:
        problems = check(request)
        if problems:
            raise ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=problems)
        return await handler(request, context)

    return call
