"""Hears through Redis for whom there is news: one subscription for all streams of the process."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from mesh.wakeups import channel_of

log = logging.getLogger(__name__)

Wake = Callable[[], None]
# A subscription that is silent for so long is asked whether it is still there, and given up when it stays silent.
SILENCE_S = 5.0


class Wakeups:
    """Calls those who listen for the news of a user. Also all of them when it has subscribed (again): what was said before
    that, nobody heard."""

    def __init__(self, redis: Redis, methods: Iterable[MethodDescriptor]) -> None:
        self._redis = redis
        self._channels = sorted(map(channel_of, methods))
        self._listeners: defaultdict[tuple[str, str], set[Wake]] = defaultdict(set)

    @contextmanager
    def listening(self, method: MethodDescriptor, user_id: str, wake: Wake) -> Iterator[None]:
        """Call `wake` whenever there may be news of this method for the user, until the context is left."""
        key = (channel_of(method), user_id)
        self._listeners[key].add(wake)
        try:
            yield
        finally:
            self._listeners[key].discard(wake)
            if not self._listeners[key]:
                del self._listeners[key]

    async def hear(self) -> None:
        """Listen until it fails; to be called again then."""
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(*self._channels)
            asked, task = False, asyncio.current_task()
            # The driver forgets a cancellation that comes just as it has connected.
            while task is not None and not task.cancelling():
                message = await subscription.get_message(timeout=SILENCE_S)
                if message is not None:
                    asked = False
                    self._take(message)
                elif asked:
                    raise RedisConnectionError("the subscription fell silent")
                else:
                    asked = True
                    await subscription.ping()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            log.info("listening for news", extra={"channel": message["channel"].decode()})
            for listeners in self._listeners.values():
                _wake_all(listeners)
        elif message["type"] == "message":
            for user_id in message["data"].decode().split():
                _wake_all(self._listeners.get((message["channel"].decode(), user_id), ()))


def _wake_all(listeners: Iterable[Wake]) -> None:
    for wake in listeners:
        wake()
