"""The settings of access tokens."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from mesh.settings.variables import ReadableFile, Variables, either

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
        return either(value, info, "jwt_secret")
