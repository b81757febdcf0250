"""The settings of the notification service."""

import pytest
from pydantic import SecretStr, ValidationError

from notify_svc.settings import NotifySettings


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI_NOTIFICATION_SERVICE", "mongodb://localhost")
    monkeypatch.setenv("RABBITMQ_URL", "amqp://localhost")
    monkeypatch.setenv("JWT_SECRET", "0123456789abcdef0123456789abcdef")


def test_pauses_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert NotifySettings().event_retry_delays_seconds == (1, 5, 30, 300)
    monkeypatch.setenv("EVENT_RETRY_DELAYS_SECONDS", "0.5, 60")
    assert NotifySettings().event_retry_delays_seconds == (0.5, 60)


@pytest.mark.parametrize("pauses", ["soon", "1,,2", "0", "1;2", "-1"])
def test_pauses_must_be_numbers(pauses: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_RETRY_DELAYS_SECONDS", pauses)
    with pytest.raises(ValidationError, match="event_retry_delays_seconds"):
        NotifySettings()


def test_the_secret_does_not_show() -> None:
    settings = NotifySettings()
    assert isinstance(settings.jwt_secret, SecretStr)
    assert "0123456789abcdef" not in repr(settings)
