"""Settings: every problem in one message, and no secret in it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from mesh.settings import JwtSettings, RabbitSettings, RedisSettings, Settings, load

SECRET = "0123456789abcdef" * 3


class EverySettings(Settings, JwtSettings, RedisSettings, RabbitSettings):
    pass


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EverySettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("JWT_SECRET", SECRET)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    monkeypatch.setenv("RABBITMQ_URL", "amqp://127.0.0.1")


def complaints() -> list[str]:
    with pytest.raises(SystemExit) as raised:
        load(EverySettings)
    first, *lines = str(raised.value).splitlines()
    assert first == "Settings are missing or wrong:"
    return lines


def test_defaults_suffice_where_there_is_a_sensible_one() -> None:
    settings = load(EverySettings)
    assert (settings.bind_address, settings.log_level, settings.drain_seconds) == ("127.0.0.1", "info", 5)
    assert (settings.jwt_issuer, settings.jwt_audience) == ("unified", "unified")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "")
    monkeypatch.setenv("JWT_SECRET", "")
    assert complaints() == ["  JWT_JWKS_FILE or JWT_SECRET must be set"]


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load(EverySettings).log_level = "debug"  # type: ignore[misc]


def test_everything_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JWT_SECRET", "REDIS_URL", "RABBITMQ_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("DRAIN_SECONDS", "-1")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    assert sorted(complaints()) == [
        "  DRAIN_SECONDS Input should be greater than or equal to 0",
        "  JWT_JWKS_FILE or JWT_SECRET must be set",
        "  LOG_LEVEL Input should be 'debug', 'info', 'warning' or 'error'",
        "  RABBITMQ_URL is not set",
        "  REDIS_HOST or REDIS_URL must be set",
    ]


@pytest.mark.parametrize(
    "secret",
    [
        "short",
        "0123456789abcdef0123456789abcde",
        "a" * 64,
        "abcabcabc" * 5,
        "your_jwt_secret_your_jwt_secret_your_jwt_secret",
        "supersecretsupersecretsupersecret123",
        "please-CHANGE-me-please-change-me-0123456789",
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", secret)
    (complaint,) = complaints()
    assert complaint.startswith("  JWT_SECRET must ")
    assert secret not in complaint


def test_a_secret_is_measured_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "äöüßéèêàáâçñ" + "01234567")
    assert load(EverySettings).jwt_secret


def test_secrets_do_not_print_themselves() -> None:
    assert SECRET not in repr(load(EverySettings))


def test_public_keys_must_be_where_the_file_is_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JWT_SECRET")
    monkeypatch.setenv("JWT_JWKS_FILE", str(tmp_path / "jwks.json"))
    assert complaints() == ["  JWT_JWKS_FILE must name a file that exists"]
    (tmp_path / "jwks.json").write_text("{}")
    assert load(EverySettings).jwt_jwks_file == tmp_path / "jwks.json"


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"REDIS_URL": "redis://10.0.0.1:1/2"}, "redis://10.0.0.1:1/2"),
        ({"REDIS_URL": "rediss://10.0.0.1", "REDIS_HOST": "10.0.0.2"}, "rediss://10.0.0.1"),
        ({"REDIS_HOST": "10.0.0.2"}, "redis://10.0.0.2:6379/0"),
        ({"REDIS_HOST": "10.0.0.2", "REDIS_PORT": "1234"}, "redis://10.0.0.2:1234/0"),
    ],
)
def test_redis_is_where_the_url_or_the_host_says(
    variables: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_URL")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert load(EverySettings).redis_address == address


@pytest.mark.parametrize(
    ("name", "value"),
    [("REDIS_URL", "http://127.0.0.1"), ("RABBITMQ_URL", "127.0.0.1:5672"), ("REDIS_PORT", "0"), ("REDIS_PORT", "x")],
)
def test_a_wrong_address_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    (complaint,) = complaints()
    assert complaint.split()[0] == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("REDIS_URL", "must begin with redis://, rediss:// or unix:// (redis://127.0.0.1:6379/0)"),
        ("RABBITMQ_URL", "must begin with amqp:// or amqps:// (amqp://guest:guest@127.0.0.1:5672/)"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "must begin with http:// or https:// (http://127.0.0.1:4318)"),
    ],
)
def test_a_wrong_url_is_answered_with_words_and_an_example(name: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "localhost:1")
    assert complaints() == [f"  {name} {words}"]


def test_what_is_not_in_the_environment_may_be_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "RABBITMQ_URL").write_text("amqp://from.a.file\n")
    (tmp_path / "REDIS_URL").write_text("redis://from.a.file/0")
    monkeypatch.delenv("RABBITMQ_URL")
    monkeypatch.setenv("SETTINGS_DIRECTORY", str(tmp_path))
    settings = load(EverySettings)
    assert settings.rabbitmq_url == "amqp://from.a.file"
    assert settings.redis_url == "redis://127.0.0.1:6379/0"


def test_a_folder_of_settings_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SETTINGS_DIRECTORY", str(tmp_path / "missing"))
    with pytest.raises(SystemExit, match="SETTINGS_DIRECTORY must name a folder that exists"):
        load(EverySettings)
