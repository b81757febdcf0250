"""Makes access tokens that are wrong in one thing, with the platform's own key where that is not it."""

import base64
import json
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_HMACS = {
    name: jwt.algorithms.HMACAlgorithm(getattr(jwt.algorithms.HMACAlgorithm, f"SHA{name[2:]}")) for name in ("HS256", "HS512")
}
Sign: TypeAlias = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Forger:
    """Has the platform's key, and a key of its own. `user_id` is whom the tokens are of."""

    user_id: str
    key: Ed25519PrivateKey
    jwk: Mapping[str, str]
    own: Ed25519PrivateKey

    def token(self, header: Mapping[str, Any] = {}, claims: Mapping[str, Any] = {}, sign: Sign | None = None) -> str:
        """A token with these changes, and otherwise right; without what is changed to `...`."""
        now = int(time.time())
        right = {"iss": "unified", "aud": "unified", "sub": self.user_id, "iat": now, "exp": now + 600, "jti": "of a test"}
        head = {"alg": "EdDSA", "typ": "JWT", "kid": self.jwk["kid"], **header}
        parts = [json.dumps({k: v for k, v in part.items() if v is not ...}).encode() for part in (head, {**right, **claims})]
        text = ".".join(_base64url(part) for part in parts)
        return f"{text}.{_base64url((sign or self.key.sign)(text.encode()))}"

    def signed(self, claims: bytes) -> str:
        """Whatever these claims are."""
        text = f"{self.token().partition('.')[0]}.{_base64url(claims)}"
        return f"{text}.{_base64url(self.key.sign(text.encode()))}"

    def by_own_key(self, header: Mapping[str, Any]) -> str:
        return self.token(header, sign=self.own.sign)

    def by_secret(self, secret: bytes, algorithm: str = "HS256") -> str:
        return self.token({"alg": algorithm}, sign=lambda text: _HMACS[algorithm].sign(text, secret))

    @property
    def own_jwk(self) -> dict[str, str]:
        return {**self.jwk, "x": _base64url(self.own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))}


def swapped(token: str, signed: str, part: int) -> str:
    """The signed token with this part of the other."""
    parts = signed.split(".")
    parts[part] = token.split(".")[part]
    return ".".join(parts)


def with_other_spare_bits(token: str) -> str:
    """Of the last of 86 characters, four bits are none of the 512 that are the signature."""
    last = _ALPHABET.index(token[-1])
    return token[:-1] + _ALPHABET[last ^ 1]


def sign_es256(text: bytes) -> bytes:
    algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
    return algorithm.sign(text, ec.generate_private_key(ec.SECP256R1()))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
