"""The settings of the user service."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from mesh.settings import JwtSettings, MongoUri, Port, ReadableFile, RedisSettings, ServiceSettings
from user_svc.tokens import SigningKey, read_private_key, shared_secret

Seconds = Annotated[int, Field(ge=1)]


class UserSettings(ServiceSettings, JwtSettings, RedisSettings):
    """Tokens are signed with JWT_SECRET where it is set, else with the key in JWT_PRIVATE_KEY_FILE."""

    user_service_port: Port = 3001
    user_service_health_port: Port | None = None
    user_service_metrics_port: Port | None = None
    mongo_uri_user_service: MongoUri
    db_name_user_service: str = "unified_users"
    jwt_private_key_file: Annotated[ReadableFile | None, Field(validate_default=True)] = None
    access_token_ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 3600
    bcrypt_cost: Annotated[int, Field(ge=4, le=15)] = 12
    bcrypt_threads: Annotated[int, Field(ge=1, le=64)] = 2
    bcrypt_queue_max: Annotated[int, Field(ge=0, le=1000)] = 16
    profile_cache_ttl_seconds: Seconds = 3600
    profile_cache_sweep_interval_seconds: Annotated[float, Field(gt=0, le=60)] = 1

    @field_validator("jwt_private_key_file")
    @classmethod
    def _can_sign(cls, private_key_file: ReadableFile | None, info: ValidationInfo) -> ReadableFile | None:
        # A variable that is itself wrong is not among the data, and reported already.
        if info.data.get("jwt_secret", "wrong") is not None:
            return private_key_file
        if private_key_file is None:
            raise ValueError("or JWT_SECRET must be set")
        if jwks_file := info.data.get("jwt_jwks_file"):
            read_private_key(private_key_file, jwks_file)
        return private_key_file

    def signing_key(self) -> SigningKey:
        if self.jwt_secret is not None:
            return shared_secret(self.jwt_secret.get_secret_value())
        assert self.jwt_private_key_file is not None  # noqa: S101  (refused above)
        assert self.jwt_jwks_file is not None  # noqa: S101  (refused by JwtSettings)
        return read_private_key(self.jwt_private_key_file, self.jwt_jwks_file)
