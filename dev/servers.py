"""The real servers that the platform needs, as private child processes; `make up` and the tests start the same ones."""

from dev.mongod import Mongod
from dev.rabbitmq import RabbitMQ
from dev.redis_server import RedisServer

__all__ = ["Mongod", "RabbitMQ", "RedisServer"]
