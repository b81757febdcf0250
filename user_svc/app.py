"""Puts the user service together; nothing else constructs anything."""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing

from bson import ObjectId
from unified.user.v1 import directory_service_pb2, user_service_pb2
from unified.user.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from unified.user.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server

from mesh import mongo
from mesh.collecting import collecting
from mesh.health import HealthWatch, serving_health
from mesh.lifecycle import every
from mesh.metrics import serving_metrics
from mesh.redis import open_redis
from mesh.server import Service, serving
from mesh.times import utc_now
from mesh.tokens import verifier_of
from user_svc.cache import RedisProfileCache
from user_svc.cache_sweep import CacheSweep
from user_svc.passwords import BcryptPasswords
from user_svc.repository import MongoUserRepository
from user_svc.servicer import DirectoryServicer, UserServicer
from user_svc.settings import UserSettings
from user_svc.tokens import JwtIssuer
from user_svc.use_cases import UserUseCases

USER_SERVICE = user_service_pb2.DESCRIPTOR.services_by_name["UserService"]
DIRECTORY_SERVICE = directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"]


@asynccontextmanager
async def app(settings: UserSettings) -> AsyncIterator[int]:
    """The running service, until the context is left. Yields its port."""
    async with AsyncExitStack() as stack:
        tracer = stack.enter_context(collecting("user_svc", settings.otel_exporter_otlp_endpoint))
        client = await stack.enter_async_context(mongo.open_mongo(settings.mongo_uri_user_service, "user_svc", tracer))
        redis = await stack.enter_async_context(open_redis(settings.redis_address))
        passwords = stack.enter_context(closing(_passwords(settings)))
        users = MongoUserRepository(mongo.database(client, settings.db_name_user_service))
        cache = RedisProfileCache(redis, ttl_s=settings.profile_cache_ttl_seconds)
        sweep = CacheSweep(users, cache, utc_now)
        use_cases = UserUseCases(users, cache, passwords, _issuer(settings), now=utc_now, new_id=lambda: str(ObjectId()))
        health = HealthWatch({"mongodb": lambda: mongo.ping(client), "redis": cache.check}, needed=frozenset({"mongodb"}))

        # Who starts the process must not take it for dead while it waits for its database.
        await stack.enter_async_context(serving_health(settings.bind_address, settings.user_service_health_port, health))
        await mongo.when_available(client, users.ensure_indexes)
        stack.enter_context(serving_metrics(settings.bind_address, settings.user_service_metrics_port))
        await stack.enter_async_context(every(settings.profile_cache_sweep_interval_seconds, sweep, "cache sweep"))
        await stack.enter_async_context(health.watching())
        yield await stack.enter_async_context(
            serving(
                f"{settings.bind_address}:{settings.user_service_port}",
                [
                    Service(USER_SERVICE, UserServicer(use_cases), add_UserServiceServicer_to_server),
                    Service(DIRECTORY_SERVICE, DirectoryServicer(use_cases), add_DirectoryServiceServicer_to_server),
                ],
                verifier=verifier_of(settings),
                health=health,
                tracer=tracer,
                drain_s=settings.drain_seconds,
                connection_age_s=settings.connection_age_seconds,
                certificates=settings.mesh_certificates,
            )
        )


def _passwords(settings: UserSettings) -> BcryptPasswords:
    return BcryptPasswords(cost=settings.bcrypt_cost, threads=settings.bcrypt_threads, queue_max=settings.bcrypt_queue_max)


def _issuer(settings: UserSettings) -> JwtIssuer:
    return JwtIssuer(
        settings.signing_key(),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        ttl_s=settings.access_token_ttl_seconds,
        now=time.time,
        new_id=lambda: uuid.uuid4().hex,
    )
