"""Verifies access tokens (JWT). The same token is verified once, then remembered until it expires."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import orjson
from jwt.utils import base64url_decode, base64url_encode
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from mesh.identity import Caller
from mesh.settings import JwtSettings

REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "jti"]
# The clock of who issued a token may be so much ahead of ours. Nothing lasts longer for it.
CLOCK_LEEWAY_S = 5.0
HS256 = "HS256"
EDDSA = "EdDSA"


class TokenKeys:
    """The keys that tokens may be signed with: one shared secret (HS256), or public keys by id (EdDSA). Never both, so
    that a public key can never be taken for a secret."""

    def __init__(self, *, secret: str | None = None, jwks: Mapping[str, Any] | None = None) -> None:
        self._secret = secret
        self._public = {} if jwks is None else {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(dict(jwks)).keys}
        self.algorithm = EDDSA if secret is None else HS256

    @classmethod
    def from_settings(cls, settings: JwtSettings) -> "TokenKeys":
        """Keys from JWT_SECRET where it is set, else from the file that JWT_JWKS_FILE names."""
        if settings.jwt_secret is not None:
            return cls(secret=settings.jwt_secret.get_secret_value())
        assert settings.jwt_jwks_file is not None  # noqa: S101  (JwtSettings refuses to load without one of them)
        return cls(jwks=orjson.loads(Path(settings.jwt_jwks_file).read_bytes()))

    def key_for(self, token: str) -> Any:
        """The key a token claims to be signed with. What else its header says (jku, jwk, x5u) is never followed."""
        if self._secret is not None:
            return self._secret
        key = self._public.get(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise jwt.InvalidKeyError("unknown kid")
        return key


class TokenVerifier:
    """Turns a token into its Caller, or refuses it with UNAUTHENTICATED."""

    def __init__(
        self,
        keys: TokenKeys,
        *,
        issuer: str,
        audience: str,
        remembered: int = 10_000,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._remembered, self._now = remembered, now
        self._callers: OrderedDict[str, Caller] = OrderedDict()

    def verify(self, token: str) -> Caller:
        """The caller whom the token names. Raises ServiceError(UNAUTHENTICATED)."""
        caller = self._callers.get(token)
        if caller is None:
            caller = self._decode(token)
            self._remember(caller)
        if caller.expires_at <= self._now():
            self._callers.pop(token, None)
            raise _refused("the access token has expired")
        return caller

    def _decode(self, token: str) -> Caller:
        try:
            claims = jwt.decode(
                token,
                self._keys.key_for(token),
                algorithms=[self._keys.algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=CLOCK_LEEWAY_S,
                options={"require": REQUIRED_CLAIMS, "strict_aud": True},
            )
            expires_at = float(claims["exp"])
        except jwt.ExpiredSignatureError:
            raise _refused("the access token has expired") from None
        except (jwt.PyJWTError, OverflowError):
            raise _refused("the access token is not valid") from None
        if not claims["sub"] or not _is_spelt_well(token):
            raise _refused("the access token is not valid")
        return Caller(claims["sub"], expires_at, token, name=str(claims.get("name", "")))

    def _remember(self, caller: Caller) -> None:
        self._callers[caller.token] = caller
        if len(self._callers) > self._remembered:
            self._callers.popitem(last=False)


def _is_spelt_well(token: str) -> bool:
    """Whether the signature has the one spelling that RFC 7515 gives it. The reader passes over padding and spare bits, which
    nothing signs."""
    signature = token.rpartition(".")[2]
    return base64url_encode(base64url_decode(signature)).decode() == signature


def _refused(message: str) -> ServiceError:
    return ServiceError(reason_pb2.REASON_UNAUTHENTICATED, message)


def verifier_of(settings: JwtSettings) -> TokenVerifier:
    """The verifier that the settings describe."""
    return TokenVerifier(TokenKeys.from_settings(settings), issuer=settings.jwt_issuer, audience=settings.jwt_audience)
