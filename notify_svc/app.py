"""Puts the notification service together; nothing else constructs anything."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from bson import ObjectId
from unified.notify.v1.notification_service_pb2 import DESCRIPTOR
from unified.notify.v1.notification_service_pb2_grpc import add_NotificationServiceServicer_to_server

from mesh import mongo, topology
from mesh.amqp import Broker, Publisher
from mesh.collecting import collecting
from mesh.consumer import Consumer
from mesh.health import HealthWatch, serving_health
from mesh.idempotency import IdempotencyStore
from mesh.leases import Lease
from mesh.lifecycle import every
from mesh.metrics import serving_metrics
from mesh.queue_depths import QueueDepths
from mesh.redis import open_redis
from mesh.server import Service, serving
from mesh.times import utc_now
from mesh.tokens import verifier_of
from mesh.wakeups import Waker
from notify_svc.consumer import QUEUES, TaskEventHandler
from notify_svc.marking import MongoMarking
from notify_svc.preferences import MongoPreferencesRepository
from notify_svc.repository import MongoNotificationRepository
from notify_svc.servicer import NotificationServicer
from notify_svc.settings import NotifySettings
from notify_svc.use_cases import NotificationUseCases

NOTIFICATION_SERVICE = DESCRIPTOR.services_by_name["NotificationService"]
NEWS = NOTIFICATION_SERVICE.methods_by_name["ListNewNotifications"]


@asynccontextmanager
async def app(settings: NotifySettings) -> AsyncIterator[int]:
    """The running service, until the context is left. Yields its port."""
    async with AsyncExitStack() as stack:
        tracer = stack.enter_context(collecting("notify_svc", settings.otel_exporter_otlp_endpoint))
        client = await stack.enter_async_context(mongo.open_mongo(settings.mongo_uri_notification_service, "notify_svc", tracer))
        database = mongo.database(client, settings.db_name_notification_service)
        keys = IdempotencyStore(client, database, utc_now)
        notifications, preferences = MongoNotificationRepository(database), MongoPreferencesRepository(database)
        marking = MongoMarking(database, Lease(database["leases"], "inbox marking", str(ObjectId()), timedelta(seconds=30)))
        redis = await stack.enter_async_context(open_redis(settings.redis_address)) if settings.redis_address else None
        use_cases = NotificationUseCases(
            notifications,
            marking,
            preferences,
            now=utc_now,
            new_id=lambda: str(ObjectId()),
            wake=Waker(redis, NEWS).wake,
            overlap=timedelta(seconds=settings.stream_overlap_seconds),
        )
        publisher = Publisher(topology.declare_events)
        consumer = Consumer(
            QUEUES,
            TaskEventHandler(use_cases),
            publisher,
            ladder_s=settings.event_retry_delays_seconds,
            prefetch=settings.event_prefetch,
            tracer=tracer,
        )
        depths = QueueDepths(consumer.queues, consumer.declare)
        broker = Broker(settings.rabbitmq_url, [publisher, consumer, depths], name="notify_svc")
        # Without RabbitMQ what is stored can still be read: events wait where they are.
        probes = {"mongodb": lambda: mongo.ping(client), "rabbitmq": broker.probe}
        health = HealthWatch(probes, needed=frozenset({"mongodb"}))

        # Who starts the process must not take it for dead while it waits for its database.
        await stack.enter_async_context(serving_health(settings.bind_address, settings.notification_service_health_port, health))
        await mongo.when_available(client, notifications.ensure_indexes)
        await mongo.when_available(client, keys.ensure_indexes)
        stack.enter_context(serving_metrics(settings.bind_address, settings.notification_service_metrics_port))
        await stack.enter_async_context(broker)
        stack.push_async_callback(partial(consumer.stop, settings.drain_seconds))
        await stack.enter_async_context(every(settings.queue_count_interval_seconds, depths.count, "queue depths"))
        await stack.enter_async_context(every(settings.inbox_marking_interval_seconds, marking.run, "inbox marking"))
        await stack.enter_async_context(health.watching())
        yield await stack.enter_async_context(
            serving(
                f"{settings.bind_address}:{settings.notification_service_port}",
                [Service(NOTIFICATION_SERVICE, NotificationServicer(use_cases), add_NotificationServiceServicer_to_server)],
                verifier=verifier_of(settings),
                health=health,
                tracer=tracer,
                drain_s=settings.drain_seconds,
                connection_age_s=settings.connection_age_seconds,
                certificates=settings.mesh_certificates,
                keys=keys,
            )
        )
