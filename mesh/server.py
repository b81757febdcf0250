"""The one way to build a gRPC server: handlers wrapped once, health, reflection, and a stop that drains."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc
from prometheus_client import Gauge
from unified.api.v1.status_service_pb2 import DESCRIPTOR
from unified.api.v1.status_service_pb2_grpc import add_StatusServiceServicer_to_server

from mesh.certificates import CertificateFiles
from mesh.deadlines import LONGEST_CALL_S
from mesh.health import HealthWatch, StatusServicer
from mesh.idempotency import IdempotencyStore
from mesh.interceptors import Context, Handler, Interceptor, Method, compose
from mesh.interceptors.access import access
from mesh.interceptors.callers import callers, callers_of, only_from
from mesh.interceptors.deadline import deadline
from mesh.interceptors.endless import Endless
from mesh.interceptors.errors import errors
from mesh.interceptors.idempotency import idempotency
from mesh.interceptors.identity import identity
from mesh.interceptors.telemetry import telemetry
from mesh.interceptors.validation import validation
from mesh.mutual_tls import server_credentials
from mesh.tokens import TokenVerifier
from mesh.tracing import OFF, Tracer

OPTIONS = [
    # The largest body that REST admits, of 4 MiB, and what a message needs around it.
    ("grpc.max_receive_message_length", 5 * 1024 * 1024),
    # Without this a second server on the port would silently share it.
    ("grpc.so_reuseport", 0),
    ("grpc.max_connection_age_grace_ms", int(LONGEST_CALL_S * 1000)),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
]
STATUS_SERVICE = DESCRIPTOR.services_by_name["StatusService"]
UNDER_WAY = Gauge("unified_grpc_server_calls_under_way", "Calls that are being answered.")
HEALTH_SERVICE: Any = health_pb2.DESCRIPTOR.services_by_name["Health"]
REFLECTION_SERVICE: Any = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
# Time for callers to see NOT_SERVING and turn to another replica before calls are refused.
GOODBYE_S = 0.3
# For answers to be sent whose calls have ended; a peer that is frozen is not waited for longer.
_LAST_ANSWERS_S = 1.0
_FOR_EVER_S = 1e6


@dataclass(frozen=True, slots=True)
class Service:
    """A servicer and how it is registered: the generated `add_XServicer_to_server`."""

    descriptor: ServiceDescriptor
    servicer: Any
    add_to_server: Callable[[Any, Any], None]


class _Recorder:
    """Stands in for a server while generated code registers a servicer, to get at its handlers."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, _: object) -> None:
        """The same handlers once more, in a form that cannot be wrapped."""

    def add_registered_method_handlers(self, _: str, handlers: dict[str, Any]) -> None:
        self.handlers = handlers


class _InFlight:
    """Counts the calls under way, so that a drain knows when the last is answered."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()
        UNDER_WAY.set_function(lambda: self._count)

    def intercept(self, _: Method, handler: Handler) -> Handler:
        async def call(request: Any, context: Context) -> Any:
            self._count += 1
            self._none.clear()
            try:
                return await handler(request, context)
            finally:
                self._count -= 1
                if not self._count:
                    self._none.set()

        return call

    async def wait_for_none(self, timeout_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._none.wait()


@contextlib.asynccontextmanager
async def serving(
    address: str,
    services: Sequence[Service],
    *,
    verifier: TokenVerifier,
    health: HealthWatch,
    drain_s: float,
    connection_age_s: float,
    keys: IdempotencyStore | None = None,
    tracer: Tracer = OFF,
    certificates: CertificateFiles | None = None,
) -> AsyncIterator[int]:
    """Serve until the context is left, then drain: NOT_SERVING first, calls under way get `drain_s` seconds, new ones are
    refused, and those who watch the server's health hear that it stops. A connection ends after `connection_age_s`, give or take
    a tenth, when its calls are answered: only then clients of a name in DNS find new replicas. `keys` is needed where a method
    accepts idempotency keys. With `certificates` only those are served who show one of the CA, each what the contract lets it
    call. Yields the port, a free one where `address` ends in ":0". Raises OSError when it is taken."""
    in_flight, endless = _InFlight(), Endless()
    known = [callers] if certificates else []
    checks = [deadline, identity(verifier), access, validation, idempotency(keys)]
    chain = [in_flight.intercept, telemetry(tracer), errors, *known, *checks]
    server = grpc.aio.server(options=[*OPTIONS, ("grpc.max_connection_age_ms", int(connection_age_s * 1000))])
    status = Service(STATUS_SERVICE, StatusServicer(health), add_StatusServiceServicer_to_server)
    services = [*services, status]
    for service in services:
        _add(server, service, chain)
    for service in _about(services, health):
        for_some = [errors, _callers_of_any(services)] if certificates else []
        _add(server, service, [endless.intercept, *for_some], streams=True)
    port = _open_port(server, address, certificates)
    await server.start()
    try:
        yield port
    finally:
        await health.drain()
        await asyncio.sleep(min(GOODBYE_S, drain_s))
        endless.end()
        # From here on new calls are refused, and what is under way has the time of the drain. Only the second stop cuts short:
        # gRPC crashes the process when one stop has cleaned up in the moment in which another one's grace is over.
        stopping = asyncio.create_task(server.stop(grace=_FOR_EVER_S))
        await in_flight.wait_for_none(drain_s)
        await asyncio.wait([stopping], timeout=_LAST_ANSWERS_S)
        await server.stop(grace=None)
        await stopping


def _open_port(server: grpc.aio.Server, address: str, certificates: CertificateFiles | None) -> int:
    try:
        if certificates:
            return server.add_secure_port(address, server_credentials(certificates))
        return server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}: is the port taken?") from error


def _about(services: Sequence[Service], health: HealthWatch) -> list[Service]:
    """What a server says of itself: health, and the contracts of the others."""
    descriptors = [*(service.descriptor for service in services), HEALTH_SERVICE, REFLECTION_SERVICE]
    described = reflection.aio.ReflectionServicer([descriptor.full_name for descriptor in descriptors])
    return [
        Service(HEALTH_SERVICE, health.servicer, health_pb2_grpc.add_HealthServicer_to_server),
        Service(REFLECTION_SERVICE, described, reflection_pb2_grpc.add_ServerReflectionServicer_to_server),
    ]


def _callers_of_any(services: Sequence[Service]) -> Interceptor:
    """Whoever may call something here may ask how the server is, and what it is."""
    known = {caller for service in services for method in service.descriptor.methods for caller in callers_of(method)}
    return lambda _, handler: only_from(known, handler)


def _add(server: grpc.aio.Server, service: Service, chain: list[Interceptor], *, streams: bool = False) -> None:
    """The interceptors of a chain for `streams` must leave request and answers to the handler."""
    recorder = _Recorder()
    service.add_to_server(service.servicer, recorder)
    handlers = {}
    for descriptor in service.descriptor.methods:
        plain = recorder.handlers[descriptor.name]
        method = Method(f"/{service.descriptor.full_name}/{descriptor.name}", descriptor)
        kind = next(kind for kind in KINDS if getattr(plain, kind))
        if kind != "unary_unary" and not streams:
            raise ValueError(f"{method.path} streams, which the server does not support")
        handlers[descriptor.name] = plain._replace(**{kind: compose(chain, method, _awaitable(getattr(plain, kind)))})
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.descriptor.full_name, handlers),))


def _awaitable(behaviour: Any) -> Handler:
    """A generator of answers as a handler that writes them."""

    async def call(request: Any, context: Context) -> None:
        async for answer in behaviour(request, context):
            await context.write(answer)

    return call if inspect.isasyncgenfunction(behaviour) else behaviour
