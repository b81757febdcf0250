"""The settings of the task service."""

from typing import Annotated

from pydantic import Field

from mesh.settings import (
    JwtSettings,
    MongoUri,
    OptionalRedisSettings,
    Port,
    RabbitSettings,
    ServiceSettings,
    StreamOverlap,
    Target,
)


class TaskSettings(ServiceSettings, JwtSettings, RabbitSettings, OptionalRedisSettings):
    """`outbox_sweep_age_seconds` is how old an unsent event must be before the sweep takes it from its writer;
    `outbox_lease_seconds` is how long the events that a dead process left may wait for another one's sweep, and reminders for
    another one to fire them;
    `task_purge_days` is how long a deleted task can be restored; `reminder_interval_seconds` is how late a reminder may come."""

    task_service_port: Port = 3002
    task_service_health_port: Port | None = None
    task_service_metrics_port: Port | None = None
    user_service_port: Port = 3001
    user_service_target: Target | None = None
    mongo_uri_task_service: MongoUri
    db_name_task_service: str = "unified_tasks"
    outbox_sweep_interval_seconds: Annotated[float, Field(gt=0, le=60)] = 2
    outbox_sweep_age_seconds: Annotated[float, Field(gt=0, le=3600)] = 5
    # Longer than a sweep's slowest batch: below, two processes may send the same events.
    outbox_lease_seconds: Annotated[float, Field(gt=0, le=3600)] = 15
    task_purge_days: Annotated[float, Field(gt=0, le=36_500)] = 30
    reminder_interval_seconds: Annotated[float, Field(gt=0, le=60)] = 1
    task_purge_interval_seconds: Annotated[float, Field(gt=0, le=86_400)] = 3600
    stream_overlap_seconds: StreamOverlap = 10

    def user_service(self) -> str:
        """Where the user service is: on this machine, unless its target is set."""
        return self.user_service_target or f"127.0.0.1:{self.user_service_port}"
