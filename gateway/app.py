"""Puts the gateway together; nothing else constructs anything."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from gateway.addresses import Addresses
from gateway.bindings import Binding, build_bindings
from gateway.body_room import BodyRoom
from gateway.buckets import Bucket, Charges, buckets_of, charges_of, nowhere
from gateway.connections import EdgeServer
from gateway.contract import ContractError, load_contract
from gateway.cors import Cors
from gateway.delivery import Timing
from gateway.docs import document_pages
from gateway.endpoint import Endpoint
from gateway.handler import Handler, Target
from gateway.health import PlatformHealth, ServiceHealth
from gateway.in_flight import InFlight
from gateway.limits import Limiter
from gateway.listening import listening
from gateway.openapi.document import build_document
from gateway.openapi.problems import meanings
from gateway.pages import Page, health_pages, jwks_page
from gateway.routes import Route
from gateway.routing import Router
from gateway.settings import GatewaySettings
from gateway.streaming import StreamEndpoint
from gateway.streams import Streams
from gateway.templates import parse_template
from gateway.wakeups import Wakeups
from mesh.breaker import Breaker, RetryBudget
from mesh.calls import ServiceCalls
from mesh.channel import open_channel
from mesh.collecting import collecting
from mesh.lifecycle import every
from mesh.metrics import serving_metrics
from mesh.redis import open_redis
from mesh.tokens import verifier_of
from mesh.tracing import Tracer

# Which process serves the services of a package.
PROCESSES = {"unified.user.v1": "user_svc", "unified.task.v1": "task_svc", "unified.notify.v1": "notify_svc"}


@asynccontextmanager
async def app(settings: GatewaySettings, *, share_port: bool = False) -> AsyncIterator[int]:
    """The running gateway, until the context is left. Yields its port. With `share_port` other workers may listen too."""
    contract = load_contract()
    bindings = build_bindings(contract.services)
    buckets = buckets_of(settings)
    async with AsyncExitStack() as stack:
        tracer = stack.enter_context(collecting("gateway", settings.otel_exporter_otlp_endpoint))
        redis = await stack.enter_async_context(open_redis(settings.redis_address))
        limiter = Limiter(redis, fallback_share=settings.rate_limit_fallback_share)
        addresses = Addresses(settings.trusted_proxies, ipv6_prefix=settings.rate_limit_ipv6_prefix)
        health = PlatformHealth(await _service_healths(settings, stack), lambda: limiter.redis_is_up)
        router = Router[Route[Target]]()
        handler = Handler(router, limiter, addresses, nowhere(buckets), verifier_of(settings), tracer)
        cors = Cors(settings.cors_allowed_origins, credentials=settings.cors_allow_credentials)
        server = EdgeServer(handler, cors, max_header_bytes=settings.max_header_bytes, patience_s=settings.body_timeout_seconds)
        services = {name: await _service_calls(settings, name, stack, tracer) for name in settings.targets()}
        streams = Streams(most=settings.streams_max, most_of_a_user=settings.streams_per_user_max)
        server.when_draining.append(streams.drain)
        wakeups = Wakeups(redis, {binding.method for binding in bindings if binding.is_stream})
        make_stream = partial(_stream, streams=streams, wakeups=wakeups, settings=settings)
        _add_endpoints(router, bindings, services, buckets, settings, make_stream)
        _add_pages(router, health_pages(health, lambda: server.draining))
        _add_pages(router, document_pages(build_document(bindings, contract.comments), meanings(contract.comments)))
        _add_pages(router, {"/.well-known/jwks.json": jwks_page(None if settings.jwt_secret else settings.jwt_jwks_file)})

        stack.enter_context(serving_metrics(settings.bind_address, settings.api_gateway_metrics_port))
        for job, name in ((limiter.probe, "redis probe"), (health.poll, "health poll")):
            await job()
            await stack.enter_async_context(every(settings.health_interval_seconds, job, name))
        await stack.enter_async_context(every(settings.health_interval_seconds, wakeups.hear, "wake-ups"))
        yield await stack.enter_async_context(
            listening(
                server,
                settings.bind_address,
                settings.api_gateway_port,
                share_port=share_port,
                drain_s=settings.drain_seconds,
            )
        )


async def _service_calls(settings: GatewaySettings, name: str, stack: AsyncExitStack, tracer: Tracer) -> ServiceCalls:
    channel = open_channel(settings.targets()[name], name, certificates=settings.mesh_certificates)
    return ServiceCalls(await stack.enter_async_context(channel), Breaker(), RetryBudget(), tracer)


async def _service_healths(settings: GatewaySettings, stack: AsyncExitStack) -> dict[str, ServiceHealth]:
    """Watches over channels of their own, which reach a service that says it is not ready."""
    healths = {}
    for name, target in settings.targets().items():
        channel = open_channel(target, name, certificates=settings.mesh_certificates, healthy_only=False)
        healths[name] = ServiceHealth(await stack.enter_async_context(channel))
    return healths


def _add_endpoints(
    router: Router[Route[Target]],
    bindings: list[Binding],
    services: Mapping[str, ServiceCalls],
    buckets: Mapping[str, Bucket],
    settings: GatewaySettings,
    make_stream: Callable[[Binding, ServiceCalls, Charges], StreamEndpoint],
) -> None:
    in_flight = {name: InFlight(name, settings.max_requests_in_flight) for name in services}
    body_room = BodyRoom(settings.max_arriving_body_bytes)
    for binding in bindings:
        package = binding.method.containing_service.file.package
        if package not in PROCESSES:
            raise ContractError(f"{binding.name} is of no known process: gateway.app.PROCESSES lacks {package}")
        process, charges = PROCESSES[package], charges_of(binding, buckets)
        if binding.is_stream:
            stream = make_stream(binding, services[process], charges)
            router.add(binding.verb, binding.template, Route(binding.verb, binding.template.text, stream, lasts=True))
            continue
        endpoint = Endpoint(
            binding,
            services[process],
            in_flight[process],
            charges,
            body_room,
            timeout_s=settings.api_timeout_seconds,
            body_timeout_s=settings.body_timeout_seconds,
        )
        router.add(binding.verb, binding.template, Route(binding.verb, binding.template.text, endpoint))


def _stream(
    binding: Binding,
    service: ServiceCalls,
    charges: Charges,
    *,
    streams: Streams,
    wakeups: Wakeups,
    settings: GatewaySettings,
) -> StreamEndpoint:
    return StreamEndpoint(
        binding,
        service,
        charges,
        streams,
        wakeups,
        Timing(settings.stream_heartbeat_seconds, settings.stream_poll_seconds, settings.stream_stall_seconds),
        timeout_s=settings.api_timeout_seconds,
        body_timeout_s=settings.body_timeout_seconds,
    )


def _add_pages(router: Router[Route[Target]], pages: Mapping[str, Page]) -> None:
    for path, page in pages.items():
        router.add("GET", parse_template(path), Route("GET", path, page))
