"""Stands in for the three services on one real gRPC server: each method does what a test says, and remembers its calls."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc_status import rpc_status
from unified.api.v1.status_service_pb2 import GetStatusResponse

from gateway.contract import load_contract
from mesh.errors import ServiceError, to_status

Behaviour = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Call:
    method: str
    request: Any
    metadata: dict[str, str]
    time_remaining_s: float


class ScriptedServices:
    """`behaviours` has, by method name, what answers a request or raises; others answer an empty message. `status` is what
    the services say of themselves. `methods` are those that they serve: all of the contract, unless said otherwise."""

    def __init__(self, methods: Sequence[MethodDescriptor] = ()) -> None:
        self._methods = methods or [method for service in load_contract().services for method in service.methods]
        self.behaviours: dict[str, Behaviour] = {}
        self.calls: list[Call] = []
        self.status = GetStatusResponse(ready=True)
        self.port = 0

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = grpc.aio.server()
        for method in self._methods:
            handlers = {method.name: self._handler(method)}
            server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(method.containing_service.full_name, handlers),)
            )
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        yield
        await server.stop(0)

    def _handler(self, method: MethodDescriptor) -> Any:
        return grpc.unary_unary_rpc_method_handler(
            partial(self._call, method),
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=GetMessageClass(method.output_type).SerializeToString,
        )

    async def _call(self, method: MethodDescriptor, request: Any, context: Any) -> Any:
        if method.name == "GetStatus":
            return self.status
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        self.calls.append(Call(method.name, request, metadata, context.time_remaining()))
        if method.name not in self.behaviours:
            return GetMessageClass(method.output_type)()
        try:
            return await self.behaviours[method.name](request)
        except ServiceError as error:
            await context.abort_with_status(rpc_status.to_status(to_status(error)))


def answering(response: Any) -> Behaviour:
    async def answer(_: Any) -> Any:
        return response

    return answer


def raising(error: Exception) -> Behaviour:
    async def fail(_: Any) -> Any:
        raise error

    return fail
