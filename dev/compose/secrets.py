"""The secrets that compose.yaml mounts: `python -m dev.compose secrets` makes those that are missing.

Every container may read its files, whoever runs in it; nobody else on this machine may, as their folder is the maker's alone.
"""

import base64
import hashlib
import secrets as randomness
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dev.certificate import write_certificate
from dev.compose.definitions import definitions
from dev.keys import ensure_key_pair
from dev.service import ROOT

FOLDER = ROOT / ".local" / "compose"
HOST_NAMES = ("localhost", "grpc.localhost")


def _password() -> str:
    return randomness.token_urlsafe(24)


# What was made once stays, because the stores' data knows the passwords.
MADE: Mapping[str, Callable[[], str]] = {
    "MONGO_URI_USER_SERVICE": lambda: f"mongodb://user-svc:{_password()}@mongodb:27017/?replicaSet=rs0",
    "MONGO_URI_TASK_SERVICE": lambda: f"mongodb://task-svc:{_password()}@mongodb:27017/?replicaSet=rs0",
    "MONGO_URI_NOTIFICATION_SERVICE": lambda: f"mongodb://notify-svc:{_password()}@mongodb:27017/?replicaSet=rs0",
    "REDIS_URL": lambda: f"redis://unified:{_password()}@redis:6379/0",
    "RABBITMQ_URL": lambda: f"amqp://unified:{_password()}@rabbitmq:5672/%2F",
    "mongodb-key": lambda: base64.b64encode(randomness.token_bytes(96)).decode(),
    "mongodb-root-password": _password,
}


def made_names() -> set[str]:
    """Of all of them."""
    return {*MADE, "private.pem", "jwks.json", "server.pem", "server.key", "redis-users.acl", "rabbitmq-definitions.json"}


def ensure_secrets(folder: Path = FOLDER) -> None:
    """Make what is missing; a process that dies meanwhile leaves nothing that is half made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, make in MADE.items():
        if not (folder / name).exists():
            _write(folder / name, make())
    ensure_key_pair(folder / "private.pem", folder / "jwks.json")
    if not (folder / "server.key").exists():
        write_certificate(folder, HOST_NAMES, days=365)
    for name, content in _for_stores(folder).items():
        _write(folder / name, content)
    for file in folder.iterdir():
        file.chmod(0o444)


def _for_stores(folder: Path) -> dict[str, str]:
    """What the stores themselves read, of the addresses that the processes have."""
    redis, rabbitmq = (urlsplit((folder / name).read_text()) for name in ("REDIS_URL", "RABBITMQ_URL"))
    return {
        "redis-users.acl": redis_users(str(redis.username), str(redis.password)),
        "rabbitmq-definitions.json": definitions(str(rabbitmq.username), str(rabbitmq.password)),
    }


def redis_users(name: str, password: str) -> str:
    """Redis's list: one user who may do everything; whoever has not signed in may ask whether it is there."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user default on nopass -@all +ping\nuser {name} on #{digest} ~* &* +@all\n"


def _write(file: Path, content: str) -> None:
    draft = file.with_name(f"{file.name}.draft")
    draft.write_text(content)
    draft.replace(file)
