"""Who calls the services in tests: users whose tokens are signed as the user service signs them."""

import time

import jwt

Metadata = tuple[tuple[str, str], ...]


def bearer(token: str) -> Metadata:
    """What a gRPC call carries."""
    return (("authorization", f"Bearer {token}"),)


def signed_in(user_id: str, secret: str, *, for_s: int = 600) -> Metadata:
    """What a call of this user carries, where services trust the secret."""
    now = int(time.time())
    claims = {"iss": "unified", "aud": "unified", "sub": user_id, "iat": now, "exp": now + for_s, "jti": "of a test"}
    return bearer(jwt.encode(claims, secret, algorithm="HS256"))
