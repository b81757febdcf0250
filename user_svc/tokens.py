"""Signs access tokens: with the shared secret (HS256), or with an Ed25519 key whose public half is in the JWKS file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mesh.tokens import EDDSA, HS256


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key to sign with; `headers` tell verifiers which of their keys fits."""

    algorithm: str
    key: Any = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)


def shared_secret(secret: str) -> SigningKey:
    return SigningKey(HS256, secret)


def read_private_key(private_key_file: Path, jwks_file: Path) -> SigningKey:
    """The key in the PEM file, with the `kid` that its public half has in the JWKS file. Raises ValueError."""
    try:
        private_key = load_pem_private_key(private_key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("must name a file with an unencrypted private key in PEM form") from None
    if not isinstance(private_key, Ed25519PrivateKey):
        raise ValueError("must name a file with an Ed25519 key")
    return SigningKey(EDDSA, private_key, {"kid": _kid_of(private_key, jwks_file)})


def _kid_of(private_key: Ed25519PrivateKey, jwks_file: Path) -> str:
    try:
        keys = jwt.PyJWKSet.from_dict(orjson.loads(jwks_file.read_bytes())).keys
    except (OSError, orjson.JSONDecodeError, jwt.PyJWTError, AttributeError):
        raise ValueError("cannot be matched: the file that JWT_JWKS_FILE names is not a set of keys") from None
    public_key = private_key.public_key()
    for key in keys:
        if key.key == public_key and key.key_id:
            return key.key_id
    raise ValueError("has no public key with a kid in the file that JWT_JWKS_FILE names, so nobody could verify its tokens")


class JwtIssuer:
    """Issues tokens that are valid for `ttl_s` seconds. `now` is in Unix seconds."""

    def __init__(
        self,
        key: SigningKey,
        *,
        issuer: str,
        audience: str,
        ttl_s: int,
        now: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._key, self._issuer, self._audience, self.ttl_s = key, issuer, audience, ttl_s
        self._now, self._new_id = now, new_id

    def issue(self, user_id: str, name: str) -> str:
        """A token that says its bearer is this user, and what the user is called."""
        now = int(self._now())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user_id,
            "name": name,
            "iat": now,
            "exp": now + self.ttl_s,
            "jti": self._new_id(),
        }
        return jwt.encode(claims, self._key.key, algorithm=self._key.algorithm, headers=self._key.headers)
