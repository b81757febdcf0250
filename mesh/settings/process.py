"""The settings of every process."""

from importlib.util import find_spec
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mesh.settings.mutual_tls import MutualTlsSettings
from mesh.settings.variables import spelled

_ENDPOINT = spelled("https?://", "must begin with http:// or https:// (http://127.0.0.1:4318)")


def _collected(endpoint: str) -> str:
    if find_spec("opentelemetry") is None:
        raise ValueError("needs the packages of requirements-tracing.lock")
    return endpoint


class Settings(MutualTlsSettings):
    """What every process is told."""

    bind_address: str = "127.0.0.1"
    drain_seconds: float = Field(default=5, ge=0, le=300)
    otel_exporter_otlp_endpoint: Annotated[str, _ENDPOINT, AfterValidator(_collected)] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_routine_share: Annotated[float, Field(ge=0, le=1)] = 1


class ServiceSettings(Settings):
    """What every service is told. `connection_age_seconds` is how long a caller keeps a connection: only then it asks again which
    replicas there are, as long as none goes away."""

    connection_age_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = 60
