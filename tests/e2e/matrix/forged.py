"""Access tokens that nobody must believe, and some that everybody should: one table, for all edges."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.e2e.matrix.forger import Forger, sign_es256, swapped, with_other_spare_bits

Forgery: TypeAlias = Callable[[Forger], str]
_LONG_AGO, _IN_AGES = 10**9, 2**33


def _short(value: Any) -> str:
    return "missing" if value is ... else str(value)[:30]


def _claim(name: str, value: Any) -> Forgery:
    return lambda by: by.token(claims={name: value})


def _header(name: str, value: Any) -> Forgery:
    return lambda by: by.token({name: value})


def _secret(of: Callable[[Forger], bytes]) -> Forgery:
    return lambda by: by.by_secret(of(by))


# What a careless verifier might take for a secret, because everyone can read it.
_PUBLIC: Mapping[str, Callable[[Forger], bytes]] = {
    "the public key": lambda by: by.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
    "the public key as PEM": lambda by: by.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "the public key as text": lambda by: by.jwk["x"].encode(),
    "the key's id": lambda by: by.jwk["kid"].encode(),
    "nothing": lambda by: b"",
}
_CLAIMS: Mapping[str, list[Any]] = {
    "aud": [..., "", None, "somebody", "unifie", "unified2", ["unified", "somebody"], ["unified"], {"unified": 1}],
    "iss": [..., "", None, "somebody", "unifie", "unified2", "https://unified", ["unified"]],
    "exp": [..., "", None, "soon", True, 0, -1, _LONG_AGO, [2**40], 10**400, float("inf"), float("nan")],
    "nbf": [_IN_AGES, "later", float("inf")],
    "iat": [..., None, "now", _IN_AGES, [1], float("inf"), float("nan")],
    "sub": [..., "", None, 7, True, ["x"], {"id": "x"}],
    "jti": [..., None, 7, ["of a test"]],
}
_HEADERS: Mapping[str, list[Any]] = {
    "alg": [..., None, "", 1, ["EdDSA"], "eddsa", "ED25519", "ES256", "RS256", "HS256", "none"],
    "kid": [..., None, "", 7, ["k"], "another", "../keys/jwks.json", "/dev/null", "' OR ''='", "x" * 4000],
    "crit": [["b64"], ["exp"], [], "exp"],
}
_OTHERS: Mapping[str, Forgery] = {
    "no signature": lambda by: by.token(sign=lambda _: b""),
    "a signature of zeros": lambda by: by.token(sign=lambda _: bytes(64)),
    "half a signature": lambda by: by.token(sign=lambda text: by.key.sign(text)[:32]),
    "a signature and more": lambda by: by.token(sign=lambda text: by.key.sign(text) + b"x"),
    "the signature of another text": lambda by: by.token(sign=lambda text: by.key.sign(text + b".")),
    "other claims under a signature": lambda by: swapped(by.token(claims={"sub": "0" * 24}), by.token(), 1),
    "another header over a signature": lambda by: swapped(by.token({"typ": "jwt"}), by.token(), 0),
    "no algorithm, and no signature": lambda by: by.token({"alg": "none"}, sign=lambda _: b""),
    "no algorithm in capitals, and no signature": lambda by: by.token({"alg": "NoNe"}, sign=lambda _: b""),
    "another key under the right id": lambda by: by.by_own_key({}),
    "a key of its own (jwk)": lambda by: by.by_own_key({"jwk": by.own_jwk}),
    "a key of its own (jwk) and its id": lambda by: by.by_own_key({"jwk": by.own_jwk, "kid": "own"}),
    "a key elsewhere (jku)": lambda by: by.by_own_key({"jku": "http://127.0.0.1:1/jwks.json"}),
    "a certificate elsewhere (x5u)": lambda by: by.by_own_key({"x5u": "http://127.0.0.1:1/certificate", "kid": "own"}),
    "a certificate of its own (x5c)": lambda by: by.by_own_key({"x5c": [by.own_jwk["x"]]}),
    "a curve of its own": lambda by: by.token({"alg": "ES256"}, sign=sign_es256),
    "a longer hash under the public key": lambda by: by.by_secret(by.jwk["x"].encode(), "HS512"),
    "two parts": lambda by: by.token().rpartition(".")[0],
    "four parts": lambda by: by.token() + ".x",
    "five parts": lambda by: by.token() + ".x.x",
    "nothing between the dots": lambda by: "..",
    "a foreign character in the signature": lambda by: by.token() + "!",
    "padding": lambda by: by.token() + "==",
    "other spare bits after the signature": lambda by: with_other_spare_bits(by.token()),
    "quotes": lambda by: f'"{by.token()}"',
    "a token twice": lambda by: f"{by.token()} {by.token()}",
    "two tokens with a comma": lambda by: f"{by.token()}, {by.token()}",
    "a list as claims": lambda by: by.signed(b"[]"),
    "claims that are no JSON": lambda by: by.signed(b"sub=1"),
    "claims nested deep": lambda by: by.signed(b"[" * 4000),
    "a token in a token": lambda by: by.signed(by.token().encode()),
    "7,000 characters": lambda by: "x" * 7000,
}
FORGED: Mapping[str, Forgery] = {
    **{f"{name} {_short(value)}": _claim(name, value) for name, values in _CLAIMS.items() for value in values},
    **{f"{name} {_short(value)}": _header(name, value) for name, values in _HEADERS.items() for value in values},
    **{f"signed with {name} as a secret": _secret(of) for name, of in _PUBLIC.items()},
    **_OTHERS,
}
BELIEVED: Mapping[str, Forgery] = {
    "right": lambda by: by.token(),
    "without a type": lambda by: by.token({"typ": ...}),
    "with a certificate elsewhere that nobody follows": lambda by: by.token({"x5u": "http://127.0.0.1:1/certificate"}),
    "with claims that nobody knows": lambda by: by.token(claims={"role": "admin", "scope": ["*"]}),
    "valid since a while": lambda by: by.token(claims={"nbf": time.time() - 5}),
    "by a clock that is ahead": lambda by: by.token(claims={"iat": time.time() + 3, "nbf": time.time() + 3}),
}
