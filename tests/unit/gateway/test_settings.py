"""The gateway's settings for browsers: which origins there can be."""

import secrets

import pytest

from gateway.settings import GatewaySettings
from mesh.settings import load


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", secrets.token_hex(32))
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1")


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(GatewaySettings).cors_allowed_origins == ()

    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", "https://app.example.com, http://localhost:5173")

    assert load(GatewaySettings).cors_allowed_origins == ("https://app.example.com", "http://localhost:5173")


@pytest.mark.parametrize("origins", ["app.example.com", "https://a.example/", "https://*.example.com", "null", "https://a,"])
def test_what_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", origins)

    with pytest.raises(SystemExit, match="CORS_ALLOWED_ORIGINS"):
        load(GatewaySettings)


def test_wrong_origins_are_answered_with_words_and_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", "a.example,b.example")

    with pytest.raises(SystemExit) as raised:
        load(GatewaySettings)

    words = "must be origins without a path (https://app.example.com,http://localhost:5173), separated by commas, or *"
    assert str(raised.value).splitlines()[1:] == [f"  CORS_ALLOWED_ORIGINS {words}"]


def test_credentials_are_for_named_origins_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ALLOW_CREDENTIALS", "true")
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", "https://a.example,*")

    with pytest.raises(SystemExit, match="CORS_ALLOW_CREDENTIALS needs origins that are named"):
        load(GatewaySettings)
