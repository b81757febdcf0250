"""Several changes of tasks as one: all of them happen, or none.

They are one transaction, with the events that announce them: a process that dies before the commit leaves nothing, one that dies
after it leaves everything, and the events to the sweep. A transaction that meets another change of its tasks begins again.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from unified.error.v1 import reason_pb2
from unified.task.v1 import task_service_pb2 as pb

from mesh.errors import FieldError, ServiceError
from task_svc.mapping import changes_of, task_to_proto, values_of
from task_svc.use_cases import TaskUseCases

Results = list[pb.TaskOperationResult]
Learn = Callable[[Collection[str]], Awaitable[None]]
Transaction = Callable[[Callable[[], Awaitable[Results]]], Awaitable[Results]]

# Which field of its operation a refusal is about.
FIELDS = {
    reason_pb2.REASON_TASK_NOT_FOUND: "id",
    reason_pb2.REASON_ETAG_MISMATCH: "etag",
    reason_pb2.REASON_ILLEGAL_TRANSITION: "task.status",
}


class Batches:
    """`transaction` does some work in a transaction, from the start again where that has to be; `learn` looks users up
    beforehand, all at once, so that nothing is asked in the transaction."""

    def __init__(self, use_cases: TaskUseCases, transaction: Transaction, learn: Learn) -> None:
        self._use_cases, self._transaction, self._learn = use_cases, transaction, learn

    async def run(self, caller_id: str, operations: Sequence[pb.TaskOperation]) -> Results:
        """Raises ServiceError as the operation that failed would alone, with its place in the batch."""

        async def run_all() -> Results:
            return [await self._run(caller_id, index, operation) for index, operation in enumerate(operations)]

        await self._learn({key for key in map(_assignee_of, operations) if key})
        return await self._transaction(run_all)

    async def _run(self, caller_id: str, index: int, operation: pb.TaskOperation) -> pb.TaskOperationResult:
        kind = operation.WhichOneof("operation")
        with _at(f"operations[{index}].{kind}"):
            match kind:
                case "create":
                    task = await self._use_cases.create(caller_id, values_of(operation.create))
                case "update":
                    change = operation.update
                    task = await self._use_cases.change(caller_id, change.id, changes_of(change), change.etag)
                case _:
                    await self._use_cases.delete(caller_id, operation.delete.id, operation.delete.etag)
                    return pb.TaskOperationResult(deleted_id=operation.delete.id)
        return pb.TaskOperationResult(task=task_to_proto(task))


def _assignee_of(operation: pb.TaskOperation) -> str:
    """Whom the operation assigns, by id or address."""
    if operation.HasField("update"):
        return operation.update.task.assignee_id if "assignee_id" in operation.update.update_mask.paths else ""
    return operation.create.assignee_id


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Give a failure inside its place in the batch."""
    try:
        yield
    except ServiceError as error:
        fields = error.fields or [FieldError(FIELDS.get(error.reason, ""), error.message)]
        placed = [FieldError(f"{place}.{_inside(place, each.field)}".rstrip("."), each.message) for each in fields]
        raise ServiceError(error.reason, error.message, fields=placed, retry_after_s=error.retry_after_s) from None


def _inside(place: str, field: str) -> str:
    """A task to make is its operation's own message, not a field of that."""
    return field.removeprefix("task.") if place.endswith(".create") else field
