"""Which processes the local stack consists of, in the order they start, and the settings they get."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.configuration import MONGO_URIS, Configuration, Ports
from dev.process import Process
from dev.rabbitmq import RabbitMQ
from dev.servers import Mongod, RedisServer
from dev.service import Gateway, GrpcService, PlatformProcess

# In the order of starting; stopping goes the other way. epmd belongs to rabbitmq and stops with it.
NAMES = ("mongod", "redis", "epmd", "rabbitmq", "user_svc", "task_svc", "notify_svc", "gateway")
# How the settings of each begin.
SERVICES = {"user_svc": "USER_SERVICE", "task_svc": "TASK_SERVICE", "notify_svc": "NOTIFICATION_SERVICE"}


@dataclass(frozen=True)
class Stack:
    """`servers` are those that no address was given for."""

    servers: list[Process]
    services: list[PlatformProcess]
    gateway: PlatformProcess
    settings: Mapping[str, str]

    @property
    def stages(self) -> list[list[Process]]:
        """What starts together, stage after stage."""
        return [self.servers, [*self.services], [self.gateway]]

    def __iter__(self) -> Iterator[Process]:
        return iter([*self.servers, *self.services, self.gateway])


def build(configuration: Configuration, ports: Ports) -> Stack:
    servers = _servers(configuration, ports)
    settings = {**_addresses(servers), **_defaults(ports), **configuration.given, "PATH": os.defpath}
    # The private key is the user service's alone, and each has its own certificate.
    without_key = {name: value for name, value in settings.items() if name != "JWT_PRIVATE_KEY_FILE"}
    own = {name: {**without_key, **configuration.certificates_of(name)} for name in SERVICES | {"gateway": ""}}
    own["user_svc"] = {**settings, **own["user_svc"]}
    home = configuration.home
    services = [
        GrpcService(name, home, _grpc_ports_of(variable, ports), own[name], [name]) for name, variable in SERVICES.items()
    ]
    gateway = Gateway("gateway", home, _ports_of("API_GATEWAY", ports), own["gateway"], ["gateway"])
    return Stack(servers, [*services], gateway, settings)


def _servers(configuration: Configuration, ports: Ports) -> list[Process]:
    servers: list[Process] = []
    if configuration.local_mongodb:
        servers.append(Mongod(configuration.home, ports.local_mongodb_port))
    if configuration.local_redis:
        servers.append(RedisServer(configuration.home, ports.local_redis_port))
    if configuration.local_rabbitmq:
        servers.append(_rabbitmq(configuration.home, ports))
    return servers


def _rabbitmq(home: Path, ports: Ports) -> RabbitMQ:
    port = ports.local_rabbitmq_port
    management = ports.local_rabbitmq_management_port
    return RabbitMQ(home, port, epmd_port=port + 1, distribution_port=port + 2, management_port=management)


def _addresses(servers: list[Process]) -> dict[str, str]:
    addresses: dict[str, str] = {}
    for server in servers:
        match server:
            case Mongod(url=url):
                addresses |= dict.fromkeys(MONGO_URIS, url)
            case RedisServer(url=url):
                addresses["REDIS_URL"] = url
            case RabbitMQ(url=url):
                addresses["RABBITMQ_URL"] = url
    return addresses


def _defaults(ports: Ports) -> dict[str, str]:
    return {name.upper(): str(port) for name, port in ports if not name.startswith("local_")}


def _grpc_ports_of(service: str, ports: Ports) -> dict[str, int]:
    health = f"{service}_HEALTH_PORT"
    return {**_ports_of(service, ports), health: getattr(ports, health.lower())}


def _ports_of(service: str, ports: Ports) -> dict[str, int]:
    """The port that serves comes first."""
    names = (f"{service}_PORT", f"{service}_METRICS_PORT")
    return {name: getattr(ports, name.lower()) for name in names}
