"""The settings of the gateway."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from gateway.cors import ANY
from mesh.deadlines import LONGEST_TIMEOUT_S
from mesh.settings import JwtSettings, Port, RedisSettings, Settings, Target, spelled

_ORIGINS = "must be origins without a path (https://app.example.com,http://localhost:5173), separated by commas, or *"
Origin = Annotated[str, spelled(r"(\*|[a-z][a-z0-9+.-]*://[a-z0-9.\[\]:-]+)\Z", _ORIGINS)]
Max = Annotated[int, Field(ge=1)]
Window = Annotated[int, Field(ge=1, le=31_536_000)]
Network = IPv4Network | IPv6Network


class GatewaySettings(Settings, JwtSettings, RedisSettings):
    """Services are looked for on this machine, at their documented ports, unless their target is set.

    `cors_allowed_origins` are separated by commas.
    """

    api_gateway_port: Port = 3000
    api_gateway_metrics_port: Port | None = None
    gateway_workers: Annotated[int, Field(ge=1, le=64)] = 1
    user_service_port: Port = 3001
    user_service_target: Target | None = None
    task_service_port: Port = 3002
    task_service_target: Target | None = None
    notification_service_port: Port = 3003
    notification_service_target: Target | None = None
    api_timeout_seconds: Annotated[float, Field(gt=0, le=LONGEST_TIMEOUT_S)] = 15
    body_timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 10
    max_requests_in_flight: Annotated[int, Field(ge=1)] = 256
    # At least one of the largest that the contract admits.
    max_arriving_body_bytes: Annotated[int, Field(ge=4_194_304)] = 67_108_864
    max_header_bytes: Annotated[int, Field(ge=1024, le=65536)] = 8190
    cors_allowed_origins: Annotated[tuple[Origin, ...], NoDecode] = ()
    cors_allow_credentials: bool = False
    streams_max: Annotated[int, Field(ge=1)] = 10_000
    streams_per_user_max: Annotated[int, Field(ge=1)] = 10
    stream_heartbeat_seconds: Annotated[float, Field(gt=0, le=300)] = 15
    stream_poll_seconds: Annotated[float, Field(gt=0, le=300)] = 15
    stream_stall_seconds: Annotated[float, Field(gt=0, le=300)] = 30
    rate_limit_max: Max = 100
    rate_limit_window_seconds: Window = 720
    rate_limit_login_max: Max = 20
    rate_limit_login_window_seconds: Window = 720
    # More than one address can spend in a window that overlaps two of its own: no single one keeps somebody from signing in.
    rate_limit_login_account_max: Max = 50
    rate_limit_login_account_window_seconds: Window = 720
    rate_limit_register_max: Max = 20
    rate_limit_register_window_seconds: Window = 720
    rate_limit_register_account_max: Max = 50
    rate_limit_register_account_window_seconds: Window = 720
    rate_limit_write_max: Max = 100_000
    rate_limit_write_window_seconds: Window = 720
    rate_limit_stream_max: Max = 1000
    rate_limit_stream_window_seconds: Window = 720
    rate_limit_fallback_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    rate_limit_ipv6_prefix: Annotated[int, Field(ge=16, le=128)] = 64
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    health_interval_seconds: Annotated[float, Field(gt=0, le=60)] = 1

    @field_validator("cors_allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [origin.strip() for origin in value.split(",")] if isinstance(value, str) else value

    @field_validator("cors_allow_credentials")
    @classmethod
    def _of_named_origins(cls, value: bool, info: ValidationInfo) -> bool:
        if value and ANY in info.data.get("cors_allowed_origins", ()):
            raise ValueError("needs origins that are named in CORS_ALLOWED_ORIGINS, not *")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return tuple(_network(each.strip()) for each in value.split(",")) if isinstance(value, str) else value

    def quota(self, bucket: str) -> tuple[int, int]:
        """What a bucket holds, and for how many seconds."""
        prefix = "rate_limit" if bucket == "default" else f"rate_limit_{bucket}"
        return getattr(self, f"{prefix}_max"), getattr(self, f"{prefix}_window_seconds")

    def targets(self) -> dict[str, str]:
        """Where each service is, by its name."""
        return {
            "user_svc": self.user_service_target or f"127.0.0.1:{self.user_service_port}",
            "task_svc": self.task_service_target or f"127.0.0.1:{self.task_service_port}",
            "notify_svc": self.notification_service_target or f"127.0.0.1:{self.notification_service_port}",
        }


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError("must be addresses or networks (10.0.0.0/8), separated by commas") from None
