"""Puts the task service together; nothing else constructs anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from unified.task.v1 import transfer_service_pb2
from unified.task.v1.comment_service_pb2 import DESCRIPTOR as COMMENTS_DESCRIPTOR
from unified.task.v1.comment_service_pb2_grpc import add_CommentServiceServicer_to_server
from unified.task.v1.task_service_pb2 import DESCRIPTOR
from unified.task.v1.task_service_pb2_grpc import add_TaskServiceServicer_to_server
from unified.task.v1.transfer_service_pb2_grpc import add_TransferServiceServicer_to_server

from mesh import mongo, topology
from mesh.amqp import Broker, Publisher
from mesh.breaker import Breaker, RetryBudget
from mesh.calls import ServiceCalls
from mesh.channel import open_channel
from mesh.collecting import collecting
from mesh.events import Event
from mesh.health import HealthWatch, serving_health
from mesh.idempotency import IdempotencyStore
from mesh.leases import Lease
from mesh.lifecycle import every
from mesh.metrics import serving_metrics
from mesh.mongo import Document
from mesh.outbox import Outbox
from mesh.redis import open_redis
from mesh.server import Service, serving
from mesh.times import utc_now
from mesh.tokens import verifier_of
from mesh.tracing import Tracer
from mesh.transactions import in_own_time, in_transaction
from mesh.wakeups import Waker
from task_svc.batch import Batches
from task_svc.comments.repository import COMMENTS, MongoCommentRepository
from task_svc.comments.servicer import CommentServicer
from task_svc.comments.use_cases import CommentUseCases
from task_svc.directory import GrpcUserDirectory
from task_svc.feed import TaskFeed
from task_svc.history import MongoTaskHistory
from task_svc.purge import Purge
from task_svc.reminders import Reminders
from task_svc.repository import COLLECTION, MongoTaskRepository
from task_svc.servicer import TaskServicer
from task_svc.settings import TaskSettings
from task_svc.transfer.exporting import Exports
from task_svc.transfer.importing import Imports
from task_svc.transfer.servicer import TransferServicer
from task_svc.use_cases import TaskUseCases

TASK_SERVICE = DESCRIPTOR.services_by_name["TaskService"]
COMMENT_SERVICE = COMMENTS_DESCRIPTOR.services_by_name["CommentService"]
CHANGES = TASK_SERVICE.methods_by_name["ListTaskChanges"]
TRANSFER_SERVICE = transfer_service_pb2.DESCRIPTOR.services_by_name["TransferService"]

IMPORT_SLICE_TIMEOUT_S = 5.0
# For what the last calls announced. What is not out by then waits for a sweep, of another process or after the next start.
LAST_EVENTS_S = 2.0


@asynccontextmanager
async def app(settings: TaskSettings) -> AsyncIterator[int]:
    """The running service, until the context is left. Yields its port."""
    async with AsyncExitStack() as stack:
        tracer = stack.enter_context(collecting("task_svc", settings.otel_exporter_otlp_endpoint))
        client = await stack.enter_async_context(mongo.open_mongo(settings.mongo_uri_task_service, "task_svc", tracer))
        database = mongo.database(client, settings.db_name_task_service)
        publisher = Publisher(topology.declare_events)
        broker = Broker(settings.rabbitmq_url, [publisher], name="task_svc")
        history = MongoTaskHistory(database)
        outbox = _outbox(settings, database[COLLECTION], publisher, "outbox sweep", tracer, history.record)
        comment_outbox = _outbox(settings, database[COMMENTS], publisher, "comment outbox sweep", tracer)
        keys = IdempotencyStore(client, database, utc_now)
        redis = await stack.enter_async_context(open_redis(settings.redis_address)) if settings.redis_address else None
        tasks = MongoTaskRepository(database, outbox, Waker(redis, CHANGES).wake)
        comments = MongoCommentRepository(database, comment_outbox)
        feed = TaskFeed(database, now=utc_now, overlap=timedelta(seconds=settings.stream_overlap_seconds))
        purge = _purge(settings, database)
        reminders = _reminders(settings, database, outbox)
        users = GrpcUserDirectory(await _user_service_calls(settings, stack, tracer))
        use_cases = TaskUseCases(tasks, history, users, now=utc_now, new_id=_new_id)
        batches = Batches(use_cases, partial(in_transaction, client), users.learn)
        comment_use_cases = CommentUseCases(tasks, comments, now=utc_now, new_id=_new_id)
        exports = Exports(use_cases)
        imports = Imports(tasks, users, partial(_import_slice, client), now=utc_now, new_id=_new_id)
        # Without RabbitMQ the service works: events wait in their outbox.
        probes = {
            "mongodb": lambda: mongo.ping(client),
            "rabbitmq": broker.probe,
            "outbox": outbox.probe,
            "comment_outbox": comment_outbox.probe,
        }
        health = HealthWatch(probes, needed=frozenset({"mongodb"}))

        # Who starts the process must not take it for dead while it waits for its database.
        await stack.enter_async_context(serving_health(settings.bind_address, settings.task_service_health_port, health))
        for part in (tasks, comments, history, feed, keys, purge, reminders):
            await mongo.when_available(client, part.ensure_indexes)
        stack.enter_context(serving_metrics(settings.bind_address, settings.task_service_metrics_port))
        await stack.enter_async_context(broker)
        # Left in the reverse order: first no more calls, then what they announced goes out.
        stack.push_async_callback(partial(_stop, (outbox, comment_outbox)))
        for each, name in ((outbox, "outbox sweep"), (comment_outbox, "comment outbox sweep")):
            await stack.enter_async_context(every(settings.outbox_sweep_interval_seconds, each.sweep, name))
        await stack.enter_async_context(every(settings.task_purge_interval_seconds, purge.run, "task purge"))
        stack.push_async_callback(reminders.stop)
        await stack.enter_async_context(every(settings.reminder_interval_seconds, reminders.run, "reminders"))
        await stack.enter_async_context(health.watching())
        yield await stack.enter_async_context(
            serving(
                f"{settings.bind_address}:{settings.task_service_port}",
                [
                    Service(TASK_SERVICE, TaskServicer(use_cases, batches, feed), add_TaskServiceServicer_to_server),
                    Service(COMMENT_SERVICE, CommentServicer(comment_use_cases), add_CommentServiceServicer_to_server),
                    Service(TRANSFER_SERVICE, TransferServicer(exports, imports), add_TransferServiceServicer_to_server),
                ],
                verifier=verifier_of(settings),
                health=health,
                tracer=tracer,
                drain_s=settings.drain_seconds,
                connection_age_s=settings.connection_age_seconds,
                certificates=settings.mesh_certificates,
                keys=keys,
            )
        )


async def _user_service_calls(settings: TaskSettings, stack: AsyncExitStack, tracer: Tracer) -> ServiceCalls:
    channel = open_channel(settings.user_service(), "user_svc", certificates=settings.mesh_certificates)
    return ServiceCalls(await stack.enter_async_context(channel), Breaker(), RetryBudget(), tracer)


def _new_id() -> str:
    return str(ObjectId())


async def _import_slice(client: AsyncMongoClient[Document], work: Callable[[], Awaitable[int]]) -> int:
    return await in_own_time(partial(in_transaction, client, work), IMPORT_SLICE_TIMEOUT_S)


def _outbox(
    settings: TaskSettings,
    documents: AsyncCollection[Document],
    publisher: Publisher,
    job: str,
    tracer: Tracer,
    record: Callable[[Event], Awaitable[None]] | None = None,
) -> Outbox:
    duration = timedelta(seconds=settings.outbox_lease_seconds)
    lease = Lease(documents.database["leases"], job, holder=_new_id(), duration=duration)
    return Outbox(documents, publisher, lease, sweep_age_s=settings.outbox_sweep_age_seconds, record=record, tracer=tracer)


async def _stop(outboxes: Iterable[Outbox]) -> None:
    await asyncio.gather(*(outbox.stop(LAST_EVENTS_S) for outbox in outboxes))


def _purge(settings: TaskSettings, database: AsyncDatabase[Document]) -> Purge:
    lease = Lease(database["leases"], "task purge", holder=_new_id(), duration=timedelta(minutes=1))
    return Purge(database, lease, kept=timedelta(days=settings.task_purge_days), now=utc_now)


def _reminders(settings: TaskSettings, database: AsyncDatabase[Document], outbox: Outbox) -> Reminders:
    duration = timedelta(seconds=settings.outbox_lease_seconds)
    lease = Lease(database["leases"], "reminders", holder=_new_id(), duration=duration)
    return Reminders(database, outbox, lease, now=utc_now, new_id=_new_id)
