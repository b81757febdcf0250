"""The user service's settings, as somebody meets them who has some wrong."""

from pathlib import Path

import pytest

from dev.keys import ensure_key_pair
from mesh.settings import load
from user_svc.settings import UserSettings

SECRET = "0123456789abcdef" * 3


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in UserSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    ensure_key_pair(tmp_path / "key.pem", tmp_path / "jwks.json")
    monkeypatch.setenv("MONGO_URI_USER_SERVICE", "mongodb://127.0.0.1")
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("JWT_PRIVATE_KEY_FILE", str(tmp_path / "key.pem"))
    monkeypatch.setenv("JWT_JWKS_FILE", str(tmp_path / "jwks.json"))


def complaints() -> list[str]:
    with pytest.raises(SystemExit) as raised:
        load(UserSettings)
    return str(raised.value).splitlines()[1:]


def test_little_has_to_be_set() -> None:
    settings = load(UserSettings)
    assert (settings.user_service_port, settings.db_name_user_service) == (3001, "unified_users")
    assert (settings.access_token_ttl_seconds, settings.profile_cache_ttl_seconds, settings.bcrypt_cost) == (3600, 3600, 12)
    assert settings.signing_key().algorithm == "EdDSA"


def test_a_secret_needs_no_key_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", SECRET)
    monkeypatch.delenv("JWT_PRIVATE_KEY_FILE")
    monkeypatch.delenv("JWT_JWKS_FILE")
    settings = load(UserSettings)
    assert settings.signing_key().algorithm == "HS256"
    assert SECRET not in repr(settings)


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MONGO_URI_USER_SERVICE", "REDIS_HOST", "JWT_PRIVATE_KEY_FILE", "JWT_JWKS_FILE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("BCRYPT_COST", "3")
    monkeypatch.setenv("BCRYPT_THREADS", "two")
    monkeypatch.setenv("ACCESS_TOKEN_TTL_SECONDS", "0")
    monkeypatch.setenv("USER_SERVICE_PORT", "70000")
    named = {line.split()[0] for line in complaints()}
    assert named == {
        "MONGO_URI_USER_SERVICE",
        "REDIS_HOST",
        "JWT_PRIVATE_KEY_FILE",
        "JWT_JWKS_FILE",
        "BCRYPT_COST",
        "BCRYPT_THREADS",
        "ACCESS_TOKEN_TTL_SECONDS",
        "USER_SERVICE_PORT",
    }


def test_public_keys_alone_sign_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JWT_PRIVATE_KEY_FILE")
    assert complaints() == ["  JWT_PRIVATE_KEY_FILE or JWT_SECRET must be set"]


def test_a_private_key_without_its_public_half_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ensure_key_pair(tmp_path / "other.pem", tmp_path / "other.json")
    monkeypatch.setenv("JWT_PRIVATE_KEY_FILE", str(tmp_path / "other.pem"))
    (complaint,) = complaints()
    assert complaint.startswith("  JWT_PRIVATE_KEY_FILE has no public key with a kid")


def test_a_wrong_secret_is_the_only_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "short")
    monkeypatch.delenv("JWT_PRIVATE_KEY_FILE")
    monkeypatch.delenv("JWT_JWKS_FILE")
    assert complaints() == ["  JWT_SECRET must have at least 32 bytes"]
