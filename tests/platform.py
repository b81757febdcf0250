"""The whole platform as real child processes on free ports, for tests that look at it from outside."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import grpc

from dev.authority import certificate_settings
from dev.keys import ensure_key_pair
from dev.ports import free_port
from dev.service import Gateway, GrpcService, PlatformProcess
from mesh.certificates import CertificateFiles, dns_name
from mesh.mutual_tls import channel_credentials

SERVICES = ("user_svc", "task_svc", "notify_svc")
_VARIABLES = {"user_svc": "USER_SERVICE", "task_svc": "TASK_SERVICE", "notify_svc": "NOTIFICATION_SERVICE"}
_QUICK = {
    "BCRYPT_COST": "4",
    "OUTBOX_SWEEP_INTERVAL_SECONDS": "0.2",
    "OUTBOX_SWEEP_AGE_SECONDS": "0.5",
    **{f"RATE_LIMIT_{bucket}MAX": "1000000" for bucket in ("", "LOGIN_", "LOGIN_ACCOUNT_", "REGISTER_", "REGISTER_ACCOUNT_")},
    "REMINDER_INTERVAL_SECONDS": "0.2",
    "DRAIN_SECONDS": "2",
}


def _numbered(name: str, count: int) -> list[str]:
    return [name if number == 1 else f"{name}{number}" for number in range(1, count + 1)]


def files_of(folder: Path, process: str, *, reload_interval_s: float = 0.1) -> CertificateFiles:
    """The certificates that the process has in the folder."""
    certificate, key, ca = map(Path, certificate_settings(folder, process).values())
    return CertificateFiles(certificate, key, ca, reload_interval_s)


class Platform:
    """Gateways and services in `directory`, against given servers. Give each platform a RabbitMQ virtual host of its own."""

    def __init__(
        self,
        directory: Path,
        *,
        mongo_url: str,
        redis_url: str,
        rabbitmq_url: str,
        gateways: int = 1,
        replicas: Mapping[str, int] | None = None,
        settings: Mapping[str, str] | None = None,
        modules: Mapping[str, Sequence[str]] | None = None,
        certificates: Path | None = None,
    ) -> None:
        """`modules` replaces, by process, what follows `python -m`; `settings` adds to or overrides the environment; `replicas`
        says how many of a service run (the second is called task_svc2); with a folder of `certificates` they speak mutual TLS."""
        self.directory = directory
        self._certificates = certificates
        self._modules = modules or {}
        self._replicas = {name: _numbered(name, (replicas or {}).get(name, 1)) for name in SERVICES}
        self._ports = {replica: free_port() for names in self._replicas.values() for replica in names}
        self._settings = {
            "PATH": os.defpath,
            **_QUICK,
            **self._key_files(),
            **self._addresses(mongo_url),
            "REDIS_URL": redis_url,
            "RABBITMQ_URL": rabbitmq_url,
            **(settings or {}),
        }
        self.services = {replica: self._service(replica) for replica in self._ports}
        self.gateways = [self._gateway(number) for number in range(1, gateways + 1)]

    @property
    def base_url(self) -> str:
        return self.base_urls[0]

    @property
    def base_urls(self) -> list[str]:
        """One for each gateway."""
        return [f"http://127.0.0.1:{gateway.port}" for gateway in self.gateways]

    def target(self, name: str) -> str:
        """Where a gRPC client finds the service: all of its replicas, or one by its own name."""
        return "ipv4:" + ",".join(f"127.0.0.1:{self._ports[replica]}" for replica in self._replicas.get(name, [name]))

    def credentials(self, caller: str) -> grpc.ChannelCredentials | None:
        """With the certificate that says `caller`; None where none is needed."""
        return channel_credentials(files_of(self._certificates, caller).read()) if self._certificates else None

    def channel(self, name: str, caller: str = "client") -> grpc.aio.Channel:
        """As somebody else's program reaches the service: with a certificate that says `caller`, where it needs one."""
        credentials = self.credentials(caller)
        if credentials is None:
            return grpc.aio.insecure_channel(self.target(name))
        options = [("grpc.ssl_target_name_override", dns_name(name))]
        return grpc.aio.secure_channel(self.target(name), credentials, options=options)

    def database(self, name: str) -> str:
        """The MongoDB database of the service."""
        return self._settings[f"DB_NAME_{_VARIABLES[name]}"]

    def process(self, name: str) -> PlatformProcess:
        """By its name: user_svc, task_svc, notify_svc, gateway, gateway2 ..."""
        return {**self.services, **{gateway.name: gateway for gateway in self.gateways}}[name]

    async def start(self) -> None:
        """Return when all are ready. StartError carries the end of the log of the one that is not."""
        try:
            await asyncio.gather(*(service.start() for service in self.services.values()))
            await asyncio.gather(*(gateway.start() for gateway in self.gateways))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        await asyncio.gather(*(gateway.stop() for gateway in self.gateways))
        await asyncio.gather(*(service.stop() for service in self.services.values()))

    async def restart(self, name: str) -> None:
        await self.process(name).stop()
        await self.process(name).start()

    async def replace(self, name: str, *module: str) -> None:
        """Restart a service as another module: `module` is what follows `python -m`."""
        await self.process(name).stop()
        self._modules = {**self._modules, name: module}
        self.services[name] = self._service(name)
        await self.services[name].start()

    def kill(self, name: str) -> None:
        """As kill -9 does. `await platform.process(name).start()` brings it back."""
        self.process(name).kill()

    def _key_files(self) -> dict[str, str]:
        private, jwks = self.directory / "keys/jwt.pem", self.directory / "keys/jwks.json"
        ensure_key_pair(private, jwks)
        return {"JWT_PRIVATE_KEY_FILE": str(private.resolve()), "JWT_JWKS_FILE": str(jwks.resolve())}

    def _addresses(self, mongo_url: str) -> dict[str, str]:
        addresses = {}
        for name, variable in _VARIABLES.items():
            addresses[f"{variable}_PORT"] = str(self._ports[name])
            addresses[f"{variable}_TARGET"] = self.target(name)
            addresses[f"MONGO_URI_{variable}"] = mongo_url
            addresses[f"DB_NAME_{variable}"] = f"{self.directory.name}_{name}"
        return addresses

    def _service(self, name: str) -> GrpcService:
        service = name.rstrip("0123456789")
        port = f"{_VARIABLES[service]}_PORT"
        ports = {port: self._ports[name]}
        if self._certificates:
            ports[f"{_VARIABLES[service]}_HEALTH_PORT"] = free_port()
        settings = {**self._settings, **self._own(service), **{name: str(port) for name, port in ports.items()}}
        module = self._modules.get(name, self._modules.get(service, [service]))
        return GrpcService(name, self.directory, ports, settings, module)

    def _own(self, process: str) -> dict[str, str]:
        return certificate_settings(self._certificates.resolve(), process) if self._certificates else {}

    def _gateway(self, number: int) -> Gateway:
        name = "gateway" if number == 1 else f"gateway{number}"
        port = free_port()
        settings = {**self._settings, **self._own("gateway"), "API_GATEWAY_PORT": str(port)}
        module = self._modules.get(name, self._modules.get("gateway", ["gateway"]))
        return Gateway(name, self.directory, {"API_GATEWAY_PORT": port}, settings, module)
