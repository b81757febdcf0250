"""The key pair that signs access tokens: an Ed25519 private key (PEM) and the public key as a JWKS file."""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def ensure_key_pair(private_file: Path, jwks_file: Path) -> None:
    """Make both files, or the public one from the private one, unless they are there."""
    if private_file.exists() and jwks_file.exists():
        return
    if not private_file.exists():
        _write_private(private_file)
    key = serialization.load_pem_private_key(private_file.read_bytes(), password=None)
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    jwks_file.parent.mkdir(parents=True, exist_ok=True)
    jwks_file.write_text(json.dumps({"keys": [_jwk(public)]}, indent=2) + "\n")


def _write_private(file: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    # Complete or not there: half a key would stand in the way of every later start.
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(pem)
    draft.replace(file)


def _jwk(public: bytes) -> dict[str, str]:
    required = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}
    # The key's thumbprint (RFC 7638): the digest of the required members, in this order, without spaces.
    thumbprint = hashlib.sha256(json.dumps(required, separators=(",", ":")).encode()).digest()
    return {**required, "kid": _base64url(thumbprint), "use": "sig", "alg": "EdDSA"}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
