"""Which access tokens are believed."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from mesh.tokens import TokenKeys, TokenVerifier

SECRET = "0123456789abcdef" * 3
NOW = time.time()
# Longer than it takes from here to the last test.
LASTS_S = 6000
CLAIMS = {"iss": "unified", "aud": "unified", "sub": "ada", "iat": int(NOW), "exp": int(NOW) + LASTS_S, "jti": "1"}
PRIVATE_KEY = Ed25519PrivateKey.generate()
PUBLIC_BYTES = PRIVATE_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
JWK = {
    "kty": "OKP",
    "crv": "Ed25519",
    "alg": "EdDSA",
    "x": base64.urlsafe_b64encode(PUBLIC_BYTES).decode().rstrip("="),
    "kid": "k1",
}


def verifier(keys: TokenKeys | None = None, now: Callable[[], float] = time.time, remembered: int = 100) -> TokenVerifier:
    keys = keys or TokenKeys(secret=SECRET)
    return TokenVerifier(keys, issuer="unified", audience="unified", now=now, remembered=remembered)


def public_keys() -> TokenKeys:
    return TokenKeys(jwks={"keys": [JWK]})


def signed(claims: Mapping[str, Any] = CLAIMS, **changes: Any) -> str:
    """A token of the secret; a claim that is changed to None is left out."""
    changed = {key: value for key, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(changed, SECRET, algorithm="HS256")


def forged(header: object, claims: object = CLAIMS, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def assert_refused(token: str, by: TokenVerifier | None = None) -> None:
    with pytest.raises(ServiceError) as raised:
        (by or verifier()).verify(token)
    assert raised.value.reason == reason_pb2.REASON_UNAUTHENTICATED


def test_a_token_of_the_secret_names_its_caller() -> None:
    caller = verifier().verify(signed())
    assert (caller.user_id, caller.expires_at, caller.token) == ("ada", CLAIMS["exp"], signed())


def test_a_token_of_a_known_key_names_its_caller() -> None:
    token = jwt.encode(CLAIMS, PRIVATE_KEY, algorithm="EdDSA", headers={"kid": "k1"})
    assert verifier(public_keys()).verify(token).user_id == "ada"


def test_a_caller_does_not_print_the_token() -> None:
    caller = verifier().verify(signed())
    assert caller.token not in repr(caller)


@pytest.mark.parametrize("claim", list(CLAIMS))
def test_every_claim_is_needed(claim: str) -> None:
    changes: dict[str, Any] = {claim: None}
    assert_refused(signed(**changes))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody"},
        {"iss": "unified2"},
        {"iss": ["unified"]},
        {"aud": "somebody"},
        {"aud": ["unified", "somebody"]},
        {"exp": int(NOW) - 1},
        {"exp": "soon"},
        {"exp": 10**400},
        {"exp": float("inf")},
        {"sub": 7},
        {"sub": ""},
        {"jti": 7},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_wrong_claim_is_refused(change: dict[str, Any]) -> None:
    assert_refused(jwt.api_jws.encode(json.dumps({**CLAIMS, **change}).encode(), SECRET, algorithm="HS256"))


def test_the_clock_of_the_issuer_may_be_seconds_ahead() -> None:
    assert verifier().verify(signed(iat=int(time.time()) + 3, nbf=int(time.time()) + 3)).user_id == "ada"


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_the_clock_of_the_issuer_may_not_be_a_minute_ahead(claim: str) -> None:
    changes: dict[str, Any] = {claim: int(time.time()) + 60}
    assert_refused(signed(**changes))


def test_a_token_lasts_no_longer_because_clocks_differ() -> None:
    with pytest.raises(ServiceError, match="has expired"):
        verifier().verify(signed(exp=int(time.time())))


def test_another_secret_is_refused() -> None:
    assert_refused(jwt.encode(CLAIMS, SECRET[::-1], algorithm="HS256"))


def test_a_signature_has_one_spelling() -> None:
    token = signed()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The last two bits of 43 characters are none of the 256 that were signed.
    others = [token[:-1] + alphabet[alphabet.index(token[-1]) // 4 * 4 + spare] for spare in range(4)]
    assert token in others
    for other in {*others, token + "=", token + "==", token + "!"} - {token}:
        assert_refused(other)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_of_the_secret_is_refused(algorithm: str) -> None:
    assert_refused(jwt.encode(CLAIMS, SECRET * 2, algorithm=algorithm), verifier(TokenKeys(secret=SECRET * 2)))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 1, ["HS256"]])
def test_a_token_cannot_choose_to_be_unsigned(algorithm: object) -> None:
    for by in (verifier(), verifier(public_keys())):
        assert_refused(forged({"alg": algorithm, "typ": "JWT", "kid": "k1"}), by)


def test_a_public_key_is_never_a_secret() -> None:
    pem = PRIVATE_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (pem, PUBLIC_BYTES, json.dumps(JWK).encode()):
        header, claims = forged({"alg": "HS256", "kid": "k1"}).split(".")[:2]
        signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(f"{header}.{claims}".encode(), secret)
        assert_refused(forged({"alg": "HS256", "kid": "k1"}, CLAIMS, signature), verifier(public_keys()))


@pytest.mark.parametrize("headers", [{}, {"kid": "k2"}, {"kid": ""}, {"kid": "../k1"}], ids=str)
def test_an_unknown_key_is_refused(headers: dict[str, str]) -> None:
    assert_refused(jwt.encode(CLAIMS, PRIVATE_KEY, algorithm="EdDSA", headers=headers), verifier(public_keys()))


def test_a_token_cannot_bring_its_own_key() -> None:
    mine = Ed25519PrivateKey.generate()
    x = base64.urlsafe_b64encode(mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode().rstrip("=")
    for bait in ({"jwk": {**JWK, "x": x}}, {"jku": "https://127.0.0.1/jwks.json"}, {"x5u": "https://127.0.0.1/cert"}):
        for kid in ({"kid": "k1"}, {"kid": "mine"}):
            token = jwt.encode(CLAIMS, mine, algorithm="EdDSA", headers={**bait, **kid})
            assert_refused(token, verifier(public_keys()))


def test_a_critical_extension_is_refused() -> None:
    assert_refused(jwt.encode(CLAIMS, SECRET, algorithm="HS256", headers={"crit": ["b64"], "b64": True}))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "\u2603.\u2603.\u2603",
        signed() + "x",
        signed()[:-4],
        signed().replace(".", ".."),
        forged([]),
        forged("alg"),
        forged({"alg": "HS256", "kid": ["k1"]}),
        pytest.param(base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.", id="deep lists"),
        pytest.param(base64.urlsafe_b64encode(b'{"alg":' * 1300).decode() + ".e30.", id="deep objects"),
        pytest.param(base64.urlsafe_b64encode(b'{"alg":' + b"9" * 9000 + b"}").decode() + ".e30.", id="long number"),
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    for by in (verifier(), verifier(public_keys())):
        assert_refused(token, by)


@given(st.text(), st.text(), st.text())
def test_no_text_is_more_than_refused(header: str, claims: str, signature: str) -> None:
    parts = [base64.urlsafe_b64encode(part.encode(errors="replace")).decode() for part in (header, claims, signature)]
    assert_refused(".".join(parts))
    assert_refused(header)


def test_a_remembered_token_still_expires() -> None:
    now = [NOW]
    by = verifier(now=lambda: now[0])
    assert by.verify(signed()) is by.verify(signed())
    now[0] = NOW + LASTS_S
    assert_refused(signed(), by)
    assert_refused(signed(), by)


def test_only_so_many_tokens_are_remembered() -> None:
    by = verifier(remembered=2)
    first = by.verify(signed(jti="1"))
    assert by.verify(signed(jti="1")) is first
    for jti in ("2", "3"):
        by.verify(signed(jti=jti))
    assert by.verify(signed(jti="1")) is not first


def test_a_refused_token_is_not_remembered() -> None:
    by = verifier()
    by.verify(signed())
    assert_refused(signed()[:-4] + "AAAA", by)
    assert by.verify(signed()).user_id == "ada"
