"""What `make up` says when everything runs: what is where, and what to try next."""

import shlex
from urllib.parse import urlsplit

from dev.configuration import Configuration, from_root
from dev.rabbitmq import RabbitMQ
from dev.stack import Stack

_JSON = "-H 'Content-Type: application/json'"


def what_runs_where(stack: Stack, configuration: Configuration) -> str:
    home = from_root(configuration.home)
    url = f"http://127.0.0.1:{stack.gateway.port}"
    rows = [("gateway", f"{url}  (documentation: {url}/docs)")]
    rows += [(service.name, f"gRPC 127.0.0.1:{service.port}") for service in stack.services]
    rows += [("metrics", ", ".join(f"{port}" for port in _metrics_ports(stack)) + "  (http://127.0.0.1:PORT/metrics)")]
    rows += _server_rows(stack)
    rows += [("logs, data", f"{home}/log, {home}/data"), ("settings", from_root(configuration.env_file))]
    table = "\n".join(f"  {name:<11} {where}" for name, where in rows)
    return f"\nThe platform runs:\n\n{table}\n\nTry it:\n\n{_first_requests(url)}\n\n{_NEXT}"


def _metrics_ports(stack: Stack) -> list[int]:
    return [
        port
        for service in (stack.gateway, *stack.services)
        for setting, port in service.ports.items()
        if setting.endswith("_METRICS_PORT")
    ]


def _server_rows(stack: Stack) -> list[tuple[str, str]]:
    rows = [
        ("mongodb", _address(stack.settings["MONGO_URI_TASK_SERVICE"])),
        ("redis", _address(stack.settings.get("REDIS_URL") or f"redis://{stack.settings['REDIS_HOST']}")),
        ("rabbitmq", _address(stack.settings["RABBITMQ_URL"])),
    ]
    pages = [server.management_url for server in stack.servers if isinstance(server, RabbitMQ) and server.management_url]
    return rows + [("", f"{page}  (management; guest, guest)") for page in pages]


def _address(url: str) -> str:
    """Without the user, the password and the options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _first_requests(url: str) -> str:
    ann = '{"email": "ann@example.com", "password": "correct horse battery staple", "name": "Ann"}'
    login = '{"email": "ann@example.com", "password": "correct horse battery staple"}'
    task = '{"title": "Water the plants", "priority": "high"}'
    token = """python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'"""
    return "\n".join(
        [
            f"  curl -s {url}/api/users/register {_JSON} -d {shlex.quote(ann)}",
            f"  TOKEN=$(curl -s {url}/api/users/login {_JSON} -d {shlex.quote(login)} | {token})",
            f'  curl -s {url}/api/tasks/upload -H "Authorization: Bearer $TOKEN" {_JSON} -d {shlex.quote(task)}',
            f'  curl -s {url}/api/notifications/latest -H "Authorization: Bearer $TOKEN"',
        ]
    )


_NEXT = "Next: make demo (the same, told as a story), make status, make logs, make down."
