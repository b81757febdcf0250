"""Settings: read from the environment once, checked together before a socket opens.

What is not in the environment may be in files: SETTINGS_DIRECTORY names a folder with one for each such setting, called as the
setting is, as Kubernetes mounts a secret.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mesh.certificates import CertificateFiles, check_ca, check_certificate, check_key

T = TypeVar("T")

DIRECTORY = "SETTINGS_DIRECTORY"
MIN_SECRET_BYTES = 32
# Words that stand in documentation examples, not in random secrets.
PLACEHOLDER_WORDS = ("your", "secret", "change", "example", "password")


def _strong(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if len(value.encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes")
    if any(word in value.lower() for word in PLACEHOLDER_WORDS) or len(set(value)) < 10:
        raise ValueError("must be random: this looks like an example; `openssl rand -base64 48` makes a good one")
    return secret


def _collected(endpoint: str) -> str:
    if find_spec("opentelemetry") is None:
        raise ValueError("needs the packages of requirements-tracing.lock")
    return endpoint


def _readable(path: Path) -> Path:
    if not path.is_file():
        raise ValueError("must name a file that exists")
    return path


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error


def _either(value: T, info: ValidationInfo, other: str) -> T:
    """The value of a field that may only be missing when the other one, which stands before it, is set."""
    # A field that is itself wrong is not among the data.
    if value is None and info.data.get(other, "wrong") is None:
        raise ValueError(f"or {other.upper()} must be set")
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
MongoUri = Annotated[str, Field(pattern=r"^mongodb(\+srv)?://")]
# Where gRPC finds a service.
Target = Annotated[str, Field(pattern=r"^\S+$")]


# How long what is new may take until everybody sees it, and how far clocks may differ: streams read it again for so long.
StreamOverlap = Annotated[float, Field(ge=0, le=300)]


class Variables(BaseSettings):
    """Settings from variables: a field's name in upper case is the variable it comes from; an empty one counts as unset.

    Every group of settings stands on it: of several bases the last one's way of reading holds.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


class MutualTlsSettings(Variables):
    """The process's certificate and its key, and the CA whose certificates it takes, as PEM files; without them, no TLS."""

    mesh_certificate_file: ReadableFile | None = None
    mesh_key_file: ReadableFile | None = None
    mesh_ca_file: Annotated[ReadableFile | None, Field(validate_default=True)] = None
    mesh_reload_interval_seconds: Annotated[float, Field(gt=0, le=300)] = 10

    @field_validator("mesh_certificate_file")
    @classmethod
    def _is_valid(cls, file: Path | None) -> Path | None:
        if file:
            check_certificate(_content(file))
        return file

    @field_validator("mesh_key_file")
    @classmethod
    def _fits(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file:
            certificate = info.data.get("mesh_certificate_file")
            check_key(_content(file), check_certificate(_content(certificate)) if certificate else None)
        return file

    @field_validator("mesh_ca_file")
    @classmethod
    def _is_of_all(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        # A field that is itself wrong is not among the data, but was set.
        others = [info.data.get(name, "wrong") for name in ("mesh_certificate_file", "mesh_key_file")]
        if len({bool(each) for each in (file, *others)}) > 1:
            raise ValueError("must be set together with MESH_CERTIFICATE_FILE and MESH_KEY_FILE: all three, or none")
        if file:
            certificate = info.data.get("mesh_certificate_file")
            check_ca(_content(file), _content(certificate) if certificate else None)
        return file

    @property
    def mesh_certificates(self) -> CertificateFiles | None:
        """None where calls are not encrypted."""
        if not (self.mesh_certificate_file and self.mesh_key_file and self.mesh_ca_file):
            return None
        files = self.mesh_certificate_file, self.mesh_key_file, self.mesh_ca_file
        return CertificateFiles(*files, self.mesh_reload_interval_seconds)


class Settings(MutualTlsSettings):
    """What every process is told."""

    bind_address: str = "127.0.0.1"
    drain_seconds: float = Field(default=5, ge=0, le=300)
    otel_exporter_otlp_endpoint: Annotated[str, Field(pattern=r"^https?://"), AfterValidator(_collected)] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class ServiceSettings(Settings):
    """What every service is told. `connection_age_seconds` is how long a caller keeps a connection: only then it asks again which
    replicas there are, as long as none goes away."""

    connection_age_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = 60


class JwtSettings(Variables):
    """How access tokens are verified: with JWT_SECRET where it is set, else with the public keys in JWT_JWKS_FILE."""

    jwt_secret: Annotated[SecretStr, AfterValidator(_strong)] | None = None
    jwt_jwks_file: Annotated[ReadableFile | None, Field(validate_default=True)] = None
    jwt_issuer: str = "unified"
    jwt_audience: str = "unified"

    # Of a field, not of the model: a model is only validated once all fields are right, which would hide this problem.
    @field_validator("jwt_jwks_file")
    @classmethod
    def _has_keys(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return _either(value, info, "jwt_secret")


class OptionalRedisSettings(Variables):
    """Where Redis is, if there is one: REDIS_URL, or REDIS_HOST and REDIS_PORT."""

    redis_url: Annotated[str, Field(pattern=r"^(rediss?|unix)://")] | None = None
    redis_host: Annotated[str | None, Field(validate_default=True)] = None
    redis_port: Port = 6379

    @property
    def redis_address(self) -> str:
        """The URL to connect to; empty where there is no Redis."""
        return self.redis_url or (f"redis://{self.redis_host}:{self.redis_port}/0" if self.redis_host else "")


class RedisSettings(OptionalRedisSettings):
    """Where Redis is, which must be said."""

    @field_validator("redis_host")
    @classmethod
    def _has_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        return _either(value, info, "redis_url")


class RabbitSettings(Variables):
    """Where RabbitMQ is."""

    rabbitmq_url: Annotated[str, Field(pattern=r"^amqps?://")]


S = TypeVar("S", bound=BaseSettings)


def load(settings: type[S]) -> S:
    """Read the settings, or end the process with one message that names everything missing or wrong."""
    directory = os.environ.get(DIRECTORY) or None
    if directory and not Path(directory).is_dir():
        sys.exit(f"{DIRECTORY} must name a folder that exists")
    try:
        return settings(_secrets_dir=directory)
    except ValidationError as error:
        sys.exit("\n".join(["Settings are missing or wrong:", *_problems(error)]))


def _problems(error: ValidationError) -> list[str]:
    """A line for each problem; values are left out, they may be secrets."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        message = problem["msg"].removeprefix("Value error, ")
        names = [str(part).upper() for part in problem["loc"][:1]]
        message = "is not set" if problem["type"] == "missing" else message
        lines.append("  " + " ".join([*names, message]))
    return lines
