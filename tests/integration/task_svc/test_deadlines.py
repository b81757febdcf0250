"""How long a caller waits is known down to MongoDB: it stops working on what nobody waits for."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from pymongo import monitoring
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb

from mesh.interceptors import deadline
from mesh.logs import request_id
from tests.integration.task_svc.person import Person

# Less than an operation or a call has by itself.
TIMEOUT_S, BY_ITSELF_S = 10.0, 60
REQUEST_ID = "of-this-test"


class Commands(monitoring.CommandListener):
    """What clients that were made after it send to MongoDB for this request: name, and `maxTimeMS` if any."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int | None]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if request_id.get() == REQUEST_ID:
            self.seen.append((event.command_name, event.command.get("maxTimeMS")))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setattr("mesh.mongo.OPERATION_TIMEOUT_MS", BY_ITSELF_S * 1000)
    for limit in ("LONGEST_STORE_S", "DEFAULT_TIMEOUT_S"):
        monkeypatch.setattr(deadline, limit, BY_ITSELF_S)
    commands = Commands()
    monitoring.register(commands)
    return commands


@pytest.mark.parametrize("key", [(), (("idempotency-key", "k"),)], ids=["plain", "in a transaction"])
async def test_every_operation_of_a_call_ends_with_its_deadline(
    commands: Commands, ada: Person, key: tuple[tuple[str, str], ...]
) -> None:
    task = await ada.create()
    update = pb.UpdateTaskRequest(id=task.id, task=task_pb2.Task(title="x"), update_mask=FieldMask(paths=["title"]))
    metadata = (*ada.metadata, ("x-request-id", REQUEST_ID), *key)

    await ada.stub.GetTask(pb.GetTaskRequest(id=task.id), metadata=metadata, timeout=TIMEOUT_S)
    await ada.stub.ListTasks(pb.ListTasksRequest(q="ship"), metadata=metadata, timeout=TIMEOUT_S)
    await ada.stub.UpdateTask(update, metadata=metadata, timeout=TIMEOUT_S)

    assert {"find", "update"} | ({"insert", "commitTransaction"} if key else set()) <= {name for name, _ in commands.seen}
    # gRPC rounds what it sends up, by a hundredth at times.
    assert [(name, limit) for name, limit in commands.seen if not 0 < (limit or 0) <= 1010 * TIMEOUT_S] == []
