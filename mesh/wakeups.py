"""Wakes the live streams of users: who has written something new says so to all gateways, through Redis.

It is only a hint. Whoever misses it finds what is new by looking now and then.
"""

import asyncio
import contextvars
import logging
from collections.abc import Iterable

from google.protobuf.descriptor import MethodDescriptor
from redis.asyncio import Redis
from redis.exceptions import RedisError
from unified.api.v1 import options_pb2

log = logging.getLogger(__name__)


def channel_of(method: MethodDescriptor) -> str:
    """The Redis channel of the topic that the contract names. Its messages are ids of users, separated by spaces."""
    return f"unified:wakeups:{method.GetOptions().Extensions[options_pb2.rest].stream.topic}"


class Waker:
    """Wakes the streams that a method is read for; none where there is no Redis."""

    def __init__(self, redis: Redis | None, method: MethodDescriptor) -> None:
        self._redis, self._channel = redis, channel_of(method)
        self._waiting: set[str] = set()
        self._sending: asyncio.Task[None] | None = None
        self._is_heard = True

    def wake(self, user_ids: Iterable[str]) -> None:
        """Returns at once. Wake-ups that wait for Redis travel together; those that it does not take are forgotten."""
        if self._redis is None:
            return
        self._waiting.update(user_ids)
        if self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._send(self._redis), context=contextvars.Context())

    async def _send(self, redis: Redis) -> None:
        try:
            while self._waiting:
                user_ids, self._waiting = self._waiting, set()
                await self._publish(redis, " ".join(user_ids))
        finally:
            self._sending = None

    async def _publish(self, redis: Redis, message: str) -> None:
        try:
            await redis.publish(self._channel, message)
        except (RedisError, OSError) as error:
            if self._is_heard:
                log.warning("streams are not woken: redis is gone", extra={"error": repr(error)})
            self._is_heard = False
        else:
            self._is_heard = True
