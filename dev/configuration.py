"""What the local stack runs with: the settings that were given, completed with what `make up` brings itself."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import DirectoryPath
from pydantic_settings import BaseSettings, SettingsConfigDict

from dev import env_file
from dev.authority import certificate_settings
from dev.keys import ensure_key_pair
from mesh.settings import Port

ROOT = Path(__file__).resolve().parent.parent
MONGO_URIS = ("MONGO_URI_USER_SERVICE", "MONGO_URI_TASK_SERVICE", "MONGO_URI_NOTIFICATION_SERVICE")


class Ports(BaseSettings):
    """Ports of everything that `make up` starts."""

    api_gateway_port: Port = 3000
    user_service_port: Port = 3001
    task_service_port: Port = 3002
    notification_service_port: Port = 3003
    api_gateway_metrics_port: Port = 3100
    user_service_metrics_port: Port = 3101
    task_service_metrics_port: Port = 3102
    notification_service_metrics_port: Port = 3103
    user_service_health_port: Port = 3201
    task_service_health_port: Port = 3202
    notification_service_health_port: Port = 3203
    local_mongodb_port: Port = 27117
    local_redis_port: Port = 6479
    local_rabbitmq_port: Port = 5772
    local_rabbitmq_management_port: Port = 15672


class ListeningSettings(BaseSettings):
    """Where all processes listen. Others it could not be here: `make up` and the processes look for each other on 127.0.0.1."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    bind_address: Literal["127.0.0.1", "0.0.0.0"] = "127.0.0.1"


class CertificateSettings(BaseSettings):
    """The folder that `make certs` filled, where the processes are to speak mutual TLS."""

    local_certificates: DirectoryPath | None = None


@dataclass(frozen=True)
class Configuration:
    """`given` is what the user set; a server is local when no address of it is among that."""

    home: Path
    env_file: Path
    given: Mapping[str, str]

    @property
    def local_mongodb(self) -> bool:
        return not all(name in self.given for name in MONGO_URIS)

    @property
    def local_redis(self) -> bool:
        return not self.given.keys() & {"REDIS_URL", "REDIS_HOST"}

    @property
    def local_rabbitmq(self) -> bool:
        return "RABBITMQ_URL" not in self.given

    def certificates_of(self, process: str) -> dict[str, str]:
        """The settings that give the process its certificate; none where nothing is encrypted."""
        folder = self.given.get("LOCAL_CERTIFICATES")
        return certificate_settings(ROOT / folder, process) if folder else {}

    @property
    def environment(self) -> dict[str, str]:
        """What makes another process read the same configuration."""
        elsewhere = {"UNIFIED_HOME": str(self.home)} if self.env_file.parent == self.home else {}
        return {**self.given, **elsewhere}


def read_configuration(environment: Mapping[str, str] = os.environ) -> Configuration:
    """From the environment and `.env`. With UNIFIED_HOME set, data and `.env` are there, for stacks side by side."""
    elsewhere = environment.get("UNIFIED_HOME")
    home = Path(elsewhere or ROOT / ".local").resolve()
    file = (home if elsewhere else ROOT) / ".env"
    return Configuration(home, file, env_file.given_settings(file, environment))


def prepare_secrets(environment: Mapping[str, str] = os.environ) -> Configuration:
    """The same, after making `.env` and the key pair where they are missing."""
    configuration = read_configuration(environment)
    private, jwks = configuration.home / "keys/jwt.pem", configuration.home / "keys/jwks.json"
    own = {"JWT_PRIVATE_KEY_FILE": from_root(private), "JWT_JWKS_FILE": from_root(jwks)}
    # People also copy the example themselves, and leave the keys to us.
    if not configuration.env_file.exists() or not configuration.given.keys() & {"JWT_SECRET", *own}:
        env_file.complete(configuration.env_file, own)
        configuration = read_configuration(environment)
    # Files that were set to be elsewhere are somebody's own; when they are missing, the settings' check says so.
    if own.items() <= configuration.given.items():
        ensure_key_pair(private, jwks)
    return configuration


def from_root(file: Path) -> str:
    """Relative where it can be, so that the checkout can move; the processes run in it."""
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)
