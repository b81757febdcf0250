"""The settings of what the platform stores in and sends through."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from mesh.settings.variables import Port, Variables, either, spelled

_MONGODB = spelled(r"mongodb(\+srv)?://", "must begin with mongodb:// or mongodb+srv:// (mongodb://127.0.0.1:27017)")
_REDIS = spelled("(rediss?|unix)://", "must begin with redis://, rediss:// or unix:// (redis://127.0.0.1:6379/0)")
_RABBITMQ = spelled("amqps?://", "must begin with amqp:// or amqps:// (amqp://guest:guest@127.0.0.1:5672/)")

MongoUri = Annotated[str, _MONGODB]
# How long what is new may take until everybody sees it, and how far clocks may differ: streams read it again for so long.
StreamOverlap = Annotated[float, Field(ge=0, le=300)]


class OptionalRedisSettings(Variables):
    """Where Redis is, if there is one: REDIS_URL, or REDIS_HOST and REDIS_PORT."""

    redis_url: Annotated[str, _REDIS] | None = None
    redis_host: Annotated[str | None, Field(validate_default=True)] = None
    redis_port: Port = 6379

    @property
    def redis_address(self) -> str:
        """The URL to connect to; empty where there is no Redis."""
        return self.redis_url or (f"redis://{self.redis_host}:{self.redis_port}/0" if self.redis_host else "")


class RedisSettings(OptionalRedisSettings):
    """Where Redis is, which must be said."""

    @field_validator("redis_host")
    @classmethod
    def _has_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        return either(value, info, "redis_url")


class RabbitSettings(Variables):
    """Where RabbitMQ is."""

    rabbitmq_url: Annotated[str, _RABBITMQ]
