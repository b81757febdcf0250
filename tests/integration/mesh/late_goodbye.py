"""`python -m tests.integration.mesh.late_goodbye`: servers leave, one after the other, while the loop is now and then late and
hears of its sockets in pieces."""

import asyncio
import random
import time
from typing import Any

import grpc

from tests.integration.mesh.serving import server

SERVERS = 14
LATE_S = 0.1
_RANDOM = random.Random(1)


class LateLoop(asyncio.SelectorEventLoop):
    def _process_events(self, events: list[Any]) -> None:
        if _RANDOM.random() < 0.2:
            time.sleep(LATE_S)
        heard = [event for event in events if _RANDOM.random() < 0.3]
        super()._process_events(heard)  # type: ignore[misc]


async def leave() -> None:
    for _ in range(SERVERS):
        async with server() as port:
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
            await channel.channel_ready()
        await channel.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=LateLoop) as runner:
        runner.run(leave())
