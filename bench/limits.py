"""What the limits cost a request: microseconds of this process's CPU, many requests at once against a Redis of its own.

`alone` is a script call for each request, which the others are compared with: they count as the gateway does.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from redis.asyncio import Redis

from dev.ports import free_port
from dev.servers import RedisServer
from gateway.buckets import Bucket, Charge, Scope
from gateway.limits import Limiter
from gateway.tally import Tally
from gateway.windows import SPEND_SCRIPT
from mesh.redis import open_redis

ROUNDS, REQUESTS, AT_ONCE = 15, 1600, 32
ADDRESS, LOGIN = (Charge(Bucket(name, Scope.ADDRESS, 10**9, 720)) for name in ("default", "login"))
ACCOUNT, WRITE = Charge(Bucket("login_account", Scope.ACCOUNT, 10**9, 720)), Charge(Bucket("write", Scope.USER, 10**9, 720))


def ways(redis: Redis) -> dict[str, Callable[[str], Awaitable[object]]]:
    """What is done for a request of somebody, by name."""
    script, limiter = redis.register_script(SPEND_SCRIPT), Limiter(redis, fallback_share=1)

    async def alone(who: str) -> None:
        await script(keys=[f"ratelimit:default:720:{who}"], args=["1000000000 720000 1"])

    async def read(who: str) -> None:
        tally = Tally(limiter)
        await tally.spend([ADDRESS], [who])
        tally.headers()

    async def write(who: str) -> None:
        tally = Tally(limiter)
        await tally.spend([ADDRESS], [who])
        await tally.spend([WRITE], [who])
        tally.headers()

    async def login(who: str) -> None:
        tally = Tally(limiter)
        await tally.spend([ADDRESS, LOGIN], [who, who])
        await tally.spend([ACCOUNT], [who])
        tally.headers()

    async def failed(who: str) -> None:
        tally = Tally(limiter)
        await tally.spend([ADDRESS], [who])
        await tally.give_back()
        tally.headers()

    return {"alone": alone, "a read": read, "a write": write, "a login": login, "a read that failed": failed}


async def cpu_us(way: Callable[[str], Awaitable[object]]) -> float:
    """CPU time of one request, of `REQUESTS` by `AT_ONCE` clients."""

    async def client(number: int) -> None:
        for _ in range(REQUESTS // AT_ONCE):
            await way(f"10.0.0.{number}")

    start = time.process_time()
    await asyncio.gather(*(client(number) for number in range(AT_ONCE)))
    return (time.process_time() - start) / REQUESTS * 1e6


async def measure(redis: Redis) -> dict[str, float]:
    """The least of each way, measured in turns so that all share the machine's moods."""
    each = ways(redis)
    best = dict.fromkeys(each, float("inf"))
    for _ in range(ROUNDS):
        for name, way in each.items():
            best[name] = min(best[name], await cpu_us(way))
    return best


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder), free_port())
        await server.start()
        try:
            async with open_redis(server.url, max_connections=AT_ONCE) as redis:
                best = await measure(redis)
        finally:
            await server.stop()
    for name, us in best.items():
        print(f"{name}: {us:.1f} us, {us / best['alone']:.2f} of alone")


if __name__ == "__main__":
    asyncio.run(main())
