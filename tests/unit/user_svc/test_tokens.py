"""Access tokens, as issued here and verified everywhere."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from dev.keys import ensure_key_pair
from mesh.tokens import TokenKeys, TokenVerifier
from user_svc.tokens import JwtIssuer, SigningKey, read_private_key, shared_secret

SECRET = "0123456789abcdef" * 3


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    private_file, jwks_file = tmp_path / "key.pem", tmp_path / "jwks.json"
    ensure_key_pair(private_file, jwks_file)
    return private_file, jwks_file


def issuer(key: SigningKey) -> JwtIssuer:
    return JwtIssuer(key, issuer="unified", audience="unified", ttl_s=60, now=time.time, new_id=lambda: "id-1")


def pem_of(key: Any, encryption: serialization.KeySerializationEncryption | None = None) -> bytes:
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption or serialization.NoEncryption()
    )
    return pem


def test_a_token_of_the_secret_is_verified_with_the_secret() -> None:
    token = issuer(shared_secret(SECRET)).issue("ada", "Ada")
    caller = TokenVerifier(TokenKeys(secret=SECRET), issuer="unified", audience="unified").verify(token)
    assert (caller.user_id, caller.token) == ("ada", token)


def test_a_token_of_the_key_pair_is_verified_with_the_public_key(files: tuple[Path, Path]) -> None:
    token = issuer(read_private_key(*files)).issue("ada", "Ada")
    jwks = json.loads(files[1].read_text())
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "JWT", "kid": jwks["keys"][0]["kid"]}
    verifier = TokenVerifier(TokenKeys(jwks=jwks), issuer="unified", audience="unified")
    assert verifier.verify(token).user_id == "ada"


def test_a_token_says_who_and_until_when() -> None:
    fixed = JwtIssuer(shared_secret(SECRET), issuer="us", audience="them", ttl_s=60, now=lambda: 1_000.7, new_id=lambda: "id-1")
    claims = jwt.decode(fixed.issue("ada", "Ada"), options={"verify_signature": False})
    assert claims == {"iss": "us", "aud": "them", "sub": "ada", "name": "Ada", "iat": 1000, "exp": 1060, "jti": "id-1"}


def test_the_kid_is_found_among_other_keys(files: tuple[Path, Path], tmp_path: Path) -> None:
    private_file, jwks_file = files
    ensure_key_pair(tmp_path / "other.pem", tmp_path / "other.json")
    keys = json.loads(jwks_file.read_text())["keys"]
    others = json.loads((tmp_path / "other.json").read_text())["keys"]
    jwks_file.write_text(json.dumps({"keys": others + keys}))
    assert read_private_key(private_file, jwks_file).headers == {"kid": keys[0]["kid"]}


def test_a_key_that_nobody_could_verify_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    ensure_key_pair(tmp_path / "other.pem", tmp_path / "other.json")
    with pytest.raises(ValueError, match="has no public key with a kid"):
        read_private_key(files[0], tmp_path / "other.json")
    without_kid = {key: value for key, value in json.loads(files[1].read_text())["keys"][0].items() if key != "kid"}
    files[1].write_text(json.dumps({"keys": [without_kid]}))
    with pytest.raises(ValueError, match="has no public key with a kid"):
        read_private_key(*files)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"keys": []}', '{"keys": [1]}', '{"keys": [{"kty": "none"}]}'])
def test_a_file_that_is_no_set_of_keys_is_refused(content: str, files: tuple[Path, Path]) -> None:
    files[1].write_text(content)
    with pytest.raises(ValueError, match="JWT_JWKS_FILE names is not a set of keys"):
        read_private_key(*files)


def test_only_an_open_ed25519_key_signs(files: tuple[Path, Path]) -> None:
    private_file, jwks_file = files
    locked = serialization.BestAvailableEncryption(b"password")
    for content in (b"", b"nonsense", pem_of(Ed25519PrivateKey.generate(), locked)):
        private_file.write_bytes(content)
        with pytest.raises(ValueError, match="unencrypted private key in PEM form"):
            read_private_key(private_file, jwks_file)
    private_file.write_bytes(pem_of(generate_private_key(65537, 2048)))
    with pytest.raises(ValueError, match="Ed25519 key"):
        read_private_key(private_file, jwks_file)


def test_a_signing_key_does_not_print_itself(files: tuple[Path, Path]) -> None:
    assert SECRET not in repr(shared_secret(SECRET))
    assert base64.b64encode(SECRET.encode()).decode() not in repr(shared_secret(SECRET))
    assert "PrivateKey" not in repr(read_private_key(*files))
