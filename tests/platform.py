"""The whole platform as real child processes on free ports, for tests that look at it from outside."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.keys import ensure_key_pair
from dev.ports import free_port
from dev.service import Gateway, GrpcService, PlatformProcess

SERVICES = ("user_svc", "task_svc", "notify_svc")
_VARIABLES = {"user_svc": "USER_SERVICE", "task_svc": "TASK_SERVICE", "notify_svc": "NOTIFICATION_SERVICE"}
_QUICK = {
    "BCRYPT_COST": "4",
    "OUTBOX_SWEEP_INTERVAL_SECONDS": "0.2",
    "OUTBOX_SWEEP_AGE_SECONDS": "0.5",
    "RATE_LIMIT_MAX": "1000000",
    "DRAIN_SECONDS": "2",
}


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
        settings: Mapping[str, str] | None = None,
        modules: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`modules` replaces, by process, what follows `python -m`; `settings` adds to or overrides the environment."""
        self.directory = directory
        self._modules = modules or {}
        self._ports = {name: free_port() for name in SERVICES}
        self._settings = {
            "PATH": os.defpath,
            **_QUICK,
            **self._key_files(),
            **self._addresses(mongo_url),
            "REDIS_URL": redis_url,
            "RABBITMQ_URL": rabbitmq_url,
            **(settings or {}),
        }
        self.services = {name: self._service(name) for name in SERVICES}
        self.gateways = [self._gateway(number) for number in range(1, gateways + 1)]

    @property
    def base_url(self) -> str:
        return self.base_urls[0]

    @property
    def base_urls(self) -> list[str]:
        """One for each gateway."""
        return [f"http://127.0.0.1:{gateway.port}" for gateway in self.gateways]

    def target(self, name: str) -> str:
        """Where a gRPC client finds the service."""
        return f"127.0.0.1:{self._ports[name]}"

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
        ports = {f"{_VARIABLES[name]}_PORT": self._ports[name]}
        return GrpcService(name, self.directory, ports, self._settings, self._modules.get(name, [name]))

    def _gateway(self, number: int) -> Gateway:
        name = "gateway" if number == 1 else f"gateway{number}"
        port = free_port()
        settings = {**self._settings, "API_GATEWAY_PORT": str(port)}
        module = self._modules.get(name, self._modules.get("gateway", ["gateway"]))
        return Gateway(name, self.directory, {"API_GATEWAY_PORT": port}, settings, module)
