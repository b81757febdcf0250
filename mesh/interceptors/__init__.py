"""What surrounds every gRPC call, one concern a file.

An interceptor is a function from a method and its handler to a handler. They are composed once, when the server is built
(`mesh.server`): nothing is looked up per call, which grpc.aio's own interceptors would do.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Callable[[Any, Context], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method being served; `path` is its name on the wire, as in "/unified.task.v1.TaskService/GetTask"."""

    path: str
    descriptor: MethodDescriptor


Interceptor = Callable[[Method, Handler], Handler]


def compose(interceptors: list[Interceptor], method: Method, handler: Handler) -> Handler:
    """The handler inside all interceptors, the first of them outermost."""
    for interceptor in reversed(interceptors):
        handler = interceptor(method, handler)
    return handler
