"""Rules about settings: what compose.yaml gives a process is read there, enough, and leads where it should."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from pydantic_settings import BaseSettings

from dev.compose.file import SECRETS, Compose, Container, Rule
from dev.compose.secrets import ensure_secrets
from dev.service import ROOT
from dev.settings_check import problems_of, settings_classes
from mesh.settings import DIRECTORY

# The setting that says where a process listens.
PORTS = {
    "gateway": "api_gateway_port",
    "user_svc": "user_service_port",
    "task_svc": "task_service_port",
    "notify_svc": "notification_service_port",
}
STORES = {"mongodb": 27017, "redis": 6379, "rabbitmq": 5672}


def class_of(process: Container) -> type[BaseSettings]:
    """Of a process, its settings."""
    return next(kind for kind in settings_classes() if kind.__module__ == f"{process.module}.settings")


def port_of(process: Container) -> int:
    """Where it listens."""
    setting = PORTS[str(process.module)]
    return int(process.environment.get(setting.upper(), class_of(process).model_fields[setting].default))


def settings_are_known(compose: Compose) -> Iterator[str]:
    for name, process in compose.processes.items():
        known = {field.upper() for field in class_of(process).model_fields} | {DIRECTORY}
        settings = {*process.environment, *(secret for secret in process.secrets if secret.isupper())}
        yield from (f"{name} does not read the setting {each}" for each in sorted(settings - known))


def settings_are_enough(compose: Compose) -> Iterator[str]:
    """Each process would start with what it is given: with secrets that are made just for this, and removed."""
    with TemporaryDirectory() as folder:
        ensure_secrets(Path(folder, "made"))
        for name, process in compose.processes.items():
            mounted = Path(folder, name)
            mounted.mkdir()
            for secret, target in process.secrets.items():
                if (made := Path(folder, "made", secret)).exists():
                    shutil.copy(made, mounted / Path(target).name)
            given = {name: value.replace(SECRETS, str(mounted)) for name, value in process.environment.items()}
            yield from (f"{name}:{problem}" for problem in problems_of(class_of(process), given))


def calls_arrive(compose: Compose) -> Iterator[str]:
    """Whom a process calls exists, listens there, shares a network with it, and is well before it starts."""
    ports = {name: port_of(process) for name, process in compose.processes.items()} | STORES
    for name, process in compose.processes.items():
        for setting, host, port in process.addresses():
            callee = compose.containers.get(host)
            if callee is None or ports[host] != port:
                yield f"{name}: {setting} leads to {host}:{port}, where nobody listens"
            elif not process.networks & callee.networks:
                yield f"{name} shares no network with {host}, which {setting} names"
            elif process.said.get("depends_on", {}).get(host) != {"condition": "service_healthy"}:
                yield f"{name} does not wait until {host} is healthy"


def users_have_their_databases(compose: Compose) -> Iterator[str]:
    """The databases that infra/mongodb opens to each service's user are those that the service uses."""
    script = (ROOT / "infra" / "mongodb" / "users.js").read_text()
    for name, process in compose.processes.items():
        for field, info in class_of(process).model_fields.items():
            if field.startswith("db_name_"):
                database = process.environment.get(field.upper(), info.default)
                if f'["{field.upper().replace("DB_NAME", "MONGO_URI")}", "{database}"]' not in script:
                    yield f"{name} uses the database {database}, which infra/mongodb/users.js does not open to it"


def metrics_are_asked_for(compose: Compose) -> Iterator[str]:
    """Prometheus asks all processes, each at its port for metrics."""
    jobs = yaml.safe_load((ROOT / "infra" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    ports = {name: str(each["port"]) for job in jobs for each in job["dns_sd_configs"] for name in each["names"]}
    for name, process in compose.processes.items():
        setting = PORTS[str(process.module)].replace("_port", "_metrics_port").upper()
        if process.environment.get(setting) != ports.get(str(process.module)):
            yield f"{name} is not asked for its metrics at {setting}"


RULES: tuple[Rule, ...] = (
    settings_are_known,
    settings_are_enough,
    calls_arrive,
    users_have_their_databases,
    metrics_are_asked_for,
)
