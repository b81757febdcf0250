"""Lets in calls from the processes that the contract's `callers` names, which are known by their certificates."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from unified.api.v1 import options_pb2
from unified.error.v1 import reason_pb2

from mesh.certificates import dns_name
from mesh.errors import ServiceError
from mesh.interceptors import Context, Handler, Method


def callers_of(method: MethodDescriptor) -> list[str]:
    """The processes that may call the method, by its own word or that of its access."""
    options = method.GetOptions().Extensions
    access = options_pb2.Access.DESCRIPTOR.values_by_number[options[options_pb2.access]]
    return list(options[options_pb2.callers] or access.GetOptions().Extensions[options_pb2.default_callers])


def callers(method: Method, handler: Handler) -> Handler:
    """Refuse processes that the method is not for. Only for servers whose clients show certificates."""
    known = callers_of(method.descriptor)
    if not known:
        raise ValueError(f"{method.path} names no process that may call it")
    return only_from(known, handler)


def only_from(processes: Iterable[str], handler: Handler) -> Handler:
    names = {dns_name(process).encode() for process in processes}

    async def call(request: Any, context: Context) -> Any:
        # The names that the peer's certificate has, whose CA the handshake has verified.
        if names.isdisjoint(context.auth_context().get("peer_dns", ())):
            raise ServiceError(reason_pb2.REASON_PERMISSION_DENIED, "this is not for the process that calls")
        return await handler(request, context)

    return call
