"""The key pair that `make up` makes."""

import json
from pathlib import Path

import jwt

from dev.keys import ensure_key_pair


def test_a_token_signed_with_the_private_key_is_verified_with_the_public_one(tmp_path: Path) -> None:
    private, jwks = tmp_path / "keys/jwt.pem", tmp_path / "keys/jwks.json"
    ensure_key_pair(private, jwks)

    key = jwt.PyJWKSet.from_json(jwks.read_text())[json.loads(jwks.read_text())["keys"][0]["kid"]]
    token = jwt.encode({"sub": "ann"}, private.read_bytes(), algorithm="EdDSA")

    assert jwt.decode(token, key, algorithms=["EdDSA"]) == {"sub": "ann"}
    assert private.stat().st_mode & 0o077 == 0


def test_keys_that_exist_are_kept_and_a_lost_public_one_is_made_again(tmp_path: Path) -> None:
    private, jwks = tmp_path / "jwt.pem", tmp_path / "jwks.json"
    ensure_key_pair(private, jwks)
    before = private.read_text(), jwks.read_text()

    jwks.unlink()
    ensure_key_pair(private, jwks)

    assert (private.read_text(), jwks.read_text()) == before
