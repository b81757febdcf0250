"""A process of the platform with other constants, for tests in which a busy machine must not make the difference.

Run as `python -m tests.changed mesh.redis.TIMEOUT_S=20 gateway`: what is changed, and the process.
"""

import runpy
import sys
from importlib import import_module

# No late answer of Redis makes it count alone; of a Redis that is gone it hears at once.
PATIENT_GATEWAY = {"gateway": ("tests.changed", "mesh.redis.TIMEOUT_S=20", "gateway")}

if __name__ == "__main__":
    *changes, process = sys.argv[1:]
    for change in changes:
        name, _, value = change.partition("=")
        module, _, constant = name.rpartition(".")
        owner = import_module(module)
        # To the type that it has: what is not there cannot be changed.
        setattr(owner, constant, type(getattr(owner, constant))(value))
    runpy.run_module(process, run_name="__main__")
