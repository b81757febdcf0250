"""A process of the platform that is killed, as by kill -9, when it is about to do one thing for the first time.

Run as `python -m tests.faults.dying task_svc mesh.outbox Outbox publish_soon`: the process, and what is never done.
"""

import os
import runpy
import signal
import sys
from importlib import import_module


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    process, module, class_name, method = sys.argv[1:]
    setattr(getattr(import_module(module), class_name), method, die)
    runpy.run_module(process, run_name="__main__")
