"""Redis clients for the request path: a fraction of a second, then the caller goes on without Redis."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

TIMEOUT_S = 0.25


def open_redis(url: str, *, max_connections: int = 20) -> Redis:
    """A client whose commands fail after `TIMEOUT_S` and are never repeated by the driver; it reconnects on the next use.

    Do not cancel a command half-way (the next user of its connection could read the wrong reply): let it run in a task of
    its own, as `mesh.coalesce` does.
    """
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=max_connections,
        # For clusters that announce their maintenance. With them the driver no longer looks whether a connection from its pool is
        # still open: those from before a restart of Redis would fail their next command, one after the other.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
