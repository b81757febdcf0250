"""Puts the task service together; nothing else constructs anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bson import ObjectId
from pymongo import AsyncMongoClient
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


@dataclass(frozen=True, slots=True)
class _Stored:
    """All that the service keeps, and who looks after it."""

    tasks: MongoTaskRepository
    comments: MongoCommentRepository
    history: MongoTaskHistory
    feed: TaskFeed
    keys: IdempotencyStore
    outbox: Outbox
    comment_outbox: Outbox
    purge: Purge
    reminders: Reminders

    async def ensure_indexes(self, client: AsyncMongoClient[Document]) -> None:
        for part in (self.tasks, self.comments, self.history, self.feed, self.keys, self.purge, self.reminders):
            await mongo.when_available(client, part.ensure_indexes)


@asynccontextmanager
async def app(settings: TaskSettings) -> AsyncIterator[int]:
    """The running service, until the context is left. Yields its port."""
    async with AsyncExitStack() as stack:
        tracer = stack.enter_context(collecting("task_svc", settings.otel_exporter_otlp_endpoint))
        client = await stack.enter_async_context(mongo.open_mongo(settings.mongo_uri_task_service, "task_svc", tracer))
        redis = await stack.enter_async_context(open_redis(settings.redis_address)) if settings.redis_address else None
        users = GrpcUserDirectory(await _user_service_calls(settings, stack, tracer))
        publisher = Publisher(topology.declare_events)
        broker = Broker(settings.rabbitmq_url, [publisher], name="task_svc")
        stored = _stored(settings, client, publisher, Waker(redis, CHANGES), tracer)
        health = _health(client, broker, stored)

        # Who starts the process must not take it for dead while it waits for its database.
        await stack.enter_async_context(serving_health(settings.bind_address, settings.task_service_health_port, health))
        await stored.ensure_indexes(client)
        stack.enter_context(serving_metrics(settings.bind_address, settings.task_service_metrics_port))
        await stack.enter_async_context(broker)
        await _start_jobs(settings, stored, stack)
        await stack.enter_async_context(health.watching())
        yield await stack.enter_async_context(
            serving(
                f"{settings.bind_address}:{settings.task_service_port}",
                _services(client, stored, users),
                verifier=verifier_of(settings),
                health=health,
                tracer=tracer,
                drain_s=settings.drain_seconds,
                connection_age_s=settings.connection_age_seconds,
                certificates=settings.mesh_certificates,
                keys=stored.keys,
            )
        )


async def _user_service_calls(settings: TaskSettings, stack: AsyncExitStack, tracer: Tracer) -> ServiceCalls:
    channel = open_channel(settings.user_service(), "user_svc", certificates=settings.mesh_certificates)
    return ServiceCalls(await stack.enter_async_context(channel), Breaker(), RetryBudget(), tracer)


def _stored(
    settings: TaskSettings, client: AsyncMongoClient[Document], publisher: Publisher, waker: Waker, tracer: Tracer
) -> _Stored:
    database = mongo.database(client, settings.db_name_task_service)

    def lease(job: str, duration_s: float = settings.outbox_lease_seconds) -> Lease:
        return Lease(database["leases"], job, holder=_new_id(), duration=timedelta(seconds=duration_s))

    outbox_of = partial(Outbox, sweep_age_s=settings.outbox_sweep_age_seconds, tracer=tracer)
    history = MongoTaskHistory(database)
    outbox = outbox_of(database[COLLECTION], publisher, lease("outbox sweep"), record=history.record)
    comment_outbox = outbox_of(database[COMMENTS], publisher, lease("comment outbox sweep"))
    return _Stored(
        tasks=MongoTaskRepository(database, outbox, waker.wake),
        comments=MongoCommentRepository(database, comment_outbox),
        history=history,
        feed=TaskFeed(database, now=utc_now, overlap=timedelta(seconds=settings.stream_overlap_seconds)),
        keys=IdempotencyStore(client, database, utc_now),
        outbox=outbox,
        comment_outbox=comment_outbox,
        purge=Purge(database, lease("task purge", 60), kept=timedelta(days=settings.task_purge_days), now=utc_now),
        reminders=Reminders(database, outbox, lease("reminders"), now=utc_now, new_id=_new_id),
    )


def _health(client: AsyncMongoClient[Document], broker: Broker, stored: _Stored) -> HealthWatch:
    probes = {
        "mongodb": lambda: mongo.ping(client),
        "rabbitmq": broker.probe,
        "outbox": stored.outbox.probe,
        "comment_outbox": stored.comment_outbox.probe,
    }
    # Without RabbitMQ the service works: events wait in their outbox.
    return HealthWatch(probes, needed=frozenset({"mongodb"}))


async def _start_jobs(settings: TaskSettings, stored: _Stored, stack: AsyncExitStack) -> None:
    outboxes = {"outbox sweep": stored.outbox, "comment outbox sweep": stored.comment_outbox}
    # Left in the reverse order: first no more calls, then what they announced goes out.
    stack.push_async_callback(partial(_stop, outboxes.values()))
    for name, outbox in outboxes.items():
        await stack.enter_async_context(every(settings.outbox_sweep_interval_seconds, outbox.sweep, name))
    await stack.enter_async_context(every(settings.task_purge_interval_seconds, stored.purge.run, "task purge"))
    stack.push_async_callback(stored.reminders.stop)
    await stack.enter_async_context(every(settings.reminder_interval_seconds, stored.reminders.run, "reminders"))


async def _stop(outboxes: Iterable[Outbox]) -> None:
    await asyncio.gather(*(outbox.stop(LAST_EVENTS_S) for outbox in outboxes))


def _services(client: AsyncMongoClient[Document], stored: _Stored, users: GrpcUserDirectory) -> list[Service]:
    use_cases = TaskUseCases(stored.tasks, stored.history, users, now=utc_now, new_id=_new_id)
    batches = Batches(use_cases, partial(in_transaction, client), users.learn)
    comments = CommentUseCases(stored.tasks, stored.comments, now=utc_now, new_id=_new_id)
    imports = Imports(stored.tasks, users, partial(_import_slice, client), now=utc_now, new_id=_new_id)
    return [
        Service(TASK_SERVICE, TaskServicer(use_cases, batches, stored.feed), add_TaskServiceServicer_to_server),
        Service(COMMENT_SERVICE, CommentServicer(comments), add_CommentServiceServicer_to_server),
        Service(TRANSFER_SERVICE, TransferServicer(Exports(use_cases), imports), add_TransferServiceServicer_to_server),
    ]


async def _import_slice(client: AsyncMongoClient[Document], work: Callable[[], Awaitable[int]]) -> int:
    return await in_own_time(partial(in_transaction, client, work), IMPORT_SLICE_TIMEOUT_S)


def _new_id() -> str:
    return str(ObjectId())
