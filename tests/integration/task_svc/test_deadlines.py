"""How long a caller waits is known down to MongoDB: it stops working on what nobody waits for."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from pymongo import monitoring
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as pb

from mesh.logs import request_id
from tests.integration.task_svc.person import Person

# Less than the platform allows an operation by itself.
TIMEOUT_S = 3.0
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
def commands() -> Commands:
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
    assert [(name, limit) for name, limit in commands.seen if not 0 < (limit or 0) <= TIMEOUT_S * 1000] == []
