"""The secrets that the manifests name; `python -m dev.k8s secrets | kubectl apply -f -` makes random ones for the dev overlay."""

import secrets as randomness
import tempfile
from pathlib import Path

import yaml

from dev.compose.secrets import redis_users
from dev.keys import ensure_key_pair

# By name, their keys: settings, each a file that a process reads; or files that settings name.
SECRETS = {
    "gateway-settings": ("REDIS_URL",),
    "user-svc-settings": ("MONGO_URI_USER_SERVICE", "REDIS_URL"),
    "task-svc-settings": ("MONGO_URI_TASK_SERVICE", "RABBITMQ_URL", "REDIS_URL"),
    "notify-svc-settings": ("MONGO_URI_NOTIFICATION_SERVICE", "RABBITMQ_URL", "REDIS_URL"),
    "unified-jwks": ("jwks.json",),
    "unified-signing-key": ("private.pem",),
    "redis-users": ("redis-users.acl",),
    "rabbitmq-user": ("RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS"),
}


def make_secrets() -> dict[str, dict[str, str]]:
    """All of them, with new keys and passwords, for the stores of the dev overlay."""
    password = randomness.token_urlsafe(24)
    with tempfile.TemporaryDirectory() as folder:
        private, jwks = Path(folder, "private.pem"), Path(folder, "jwks.json")
        ensure_key_pair(private, jwks)
        keys = {"private.pem": private.read_text(), "jwks.json": jwks.read_text()}
    values = {
        "REDIS_URL": f"redis://unified:{password}@redis:6379/0",
        "redis-users.acl": redis_users("unified", password),
        "RABBITMQ_URL": f"amqp://unified:{password}@rabbitmq:5672/%2F",
        "RABBITMQ_DEFAULT_USER": "unified",
        "RABBITMQ_DEFAULT_PASS": password,
        **keys,
    }
    mongo = "mongodb://mongodb-0.mongodb:27017/?replicaSet=rs0"
    return {name: {key: values.get(key, mongo) for key in wanted} for name, wanted in SECRETS.items()}


def secrets_for_trying(namespace: str) -> str:
    """As YAML."""
    return yaml.safe_dump_all(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "stringData": values}
        for name, values in make_secrets().items()
    )
