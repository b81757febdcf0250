"""The settings of the task service: every problem at once."""

import pytest

from mesh.settings import load
from task_svc.settings import TaskSettings


def test_everything_that_is_missing_or_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MONGO_URI_TASK_SERVICE", "JWT_SECRET", "JWT_JWKS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RABBITMQ_URL", "http://localhost")
    monkeypatch.setenv("OUTBOX_SWEEP_INTERVAL_SECONDS", "0")
    monkeypatch.setenv("TASK_SERVICE_PORT", "70000")
    with pytest.raises(SystemExit) as raised:
        load(TaskSettings)
    named = {line.split()[0] for line in str(raised.value.code).splitlines()[1:]}
    assert named == {
        "MONGO_URI_TASK_SERVICE",
        "RABBITMQ_URL",
        "JWT_JWKS_FILE",
        "OUTBOX_SWEEP_INTERVAL_SECONDS",
        "TASK_SERVICE_PORT",
    }
