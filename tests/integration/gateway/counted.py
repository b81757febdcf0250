"""The gateway, which upon SIGUSR1 gives back all memory that is free, and says how many objects of each type it has: as JSON, in
a file that is there when it is whole.

Run as `python -m tests.integration.gateway.counted FILE`.
"""

import ctypes
import gc
import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    target = Path(sys.argv[1])

    def count(*_: object) -> None:
        gc.collect()
        counts = Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
        written = target.with_suffix(".part")
        ctypes.CDLL(None).malloc_trim(0)
        written.write_text(json.dumps(counts))
        written.rename(target)

    signal.signal(signal.SIGUSR1, count)
    runpy.run_module("gateway", run_name="__main__")
