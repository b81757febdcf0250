"""A process of the platform in which every third call of one method is late by a second and a half.

Run as `python -m tests.faults.late notify_svc notify_svc.repository MongoNotificationRepository add_once`: the process, and what
is late.
"""

import asyncio
import itertools
import runpy
import sys
from importlib import import_module
from typing import Any

LATE_S = 1.5
ON_TIME = 2

if __name__ == "__main__":
    process, module, class_name, method = sys.argv[1:]
    owner = getattr(import_module(module), class_name)
    in_time = getattr(owner, method)
    calls = itertools.count(1)

    async def late(*args: Any) -> Any:
        if next(calls) % (ON_TIME + 1) == 0:
            await asyncio.sleep(LATE_S)
        return await in_time(*args)

    setattr(owner, method, late)
    runpy.run_module(process, run_name="__main__")
