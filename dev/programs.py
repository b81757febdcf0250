"""Finds the server programs of the local stack: on PATH first, then where packages put them."""

import shutil
import sysconfig
from pathlib import Path

from dev.process import StartError

# Debian's rabbitmq-server on PATH is a wrapper that switches to the system's own broker; this is the plain script.
_RABBITMQ_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
_WHEEL_MONGOD = Path(sysconfig.get_path("purelib")) / "fiftyone/db/bin"

_PLACES: dict[str, tuple[list[Path | None], str]] = {
    "mongod": ([None, _WHEEL_MONGOD], "install MongoDB's mongod (6.0 or newer) or set the MONGO_URI_* variables"),
    "redis-server": ([None], "install the package redis-server or set REDIS_URL"),
    "rabbitmq-server": ([_RABBITMQ_SCRIPTS, None], "install the package rabbitmq-server or set RABBITMQ_URL"),
    "rabbitmqctl": ([_RABBITMQ_SCRIPTS, None], "install the package rabbitmq-server"),
    "nginx": ([None, Path("/usr/sbin")], "install the package nginx"),
    "epmd": ([None], "install Erlang (the package erlang-base) or set RABBITMQ_URL"),
}


def find_program(name: str) -> str:
    """The absolute path of a server program; StartError says what to install when there is none."""
    places, advice = _PLACES[name]
    for place in places:
        if found := shutil.which(name, path=str(place) if place else None):
            return found
    raise StartError(f"{name} was not found: {advice}")
