"""The settings of the notification service."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from mesh.settings import JwtSettings, MongoUri, OptionalRedisSettings, Port, RabbitSettings, ServiceSettings, StreamOverlap


class NotifySettings(ServiceSettings, JwtSettings, RabbitSettings, OptionalRedisSettings):
    """`event_retry_delays_seconds` are the pauses before the second, third ... attempt at an event, separated by commas."""

    notification_service_port: Port = 3003
    notification_service_health_port: Port | None = None
    notification_service_metrics_port: Port | None = None
    mongo_uri_notification_service: MongoUri
    db_name_notification_service: str = "unified_notifications"
    event_retry_delays_seconds: Annotated[tuple[Annotated[float, Field(ge=0.01, le=86_400)], ...], NoDecode] = (1, 5, 30, 300)
    inbox_marking_interval_seconds: Annotated[float, Field(ge=0.05, le=3600)] = 1
    queue_count_interval_seconds: Annotated[float, Field(ge=0.05, le=3600)] = 5
    event_prefetch: Annotated[int, Field(ge=1, le=1000)] = 32
    stream_overlap_seconds: StreamOverlap = 10

    @field_validator("event_retry_delays_seconds", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value
