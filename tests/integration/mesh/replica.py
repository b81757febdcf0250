"""A replica that is a process, to be killed: `python -m tests.integration.mesh.replica ADDRESS`."""

import asyncio
import sys

from tests.integration.mesh.serving import Scripted, server

# So long that all callers come to wait for this replica.
WORK_S = 0.2


async def live() -> None:
    async with server(Scripted(lambda: asyncio.sleep(WORK_S)), address=sys.argv[1]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(live())
