"""A service that tells nobody but the owner."""

from unittest.mock import patch

from notify_svc.model import TaskChange
from tests.audit.processes.notify_svc import run


def owner_alone(change: TaskChange) -> list[str]:
    return [change.owner_id]


if __name__ == "__main__":
    with patch.object(TaskChange, "recipients", owner_alone):
        run()
