"""How long the edge's transcoder takes for a page of 20 tasks and for a create, beside protobuf's json_format."""

import timeit
from collections.abc import Callable

import orjson
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp
from unified.task.v1 import task_pb2, task_service_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.transcoding.encode import compile_encoder
from gateway.transcoding.requests import RequestReader

TASKS = 20
ROUNDS, CALLS = 80, 10
BODY = b"""{"title": "Ship it", "description": "Release 1.0 to everyone", "priority": "PRIORITY_HIGH",
           "labels": ["release", "1.0"], "dueTime": "2030-01-31T12:00:00Z"}"""


def page() -> task_service_pb2.ListTasksResponse:
    tasks = [
        task_pb2.Task(
            id=f"665f1f77bcf86cd7994390{i:02}",
            title=f"Ship it {i}",
            description="Release 1.0 to everyone, then write about it",
            status=task_pb2.STATUS_IN_PROGRESS,
            priority=task_pb2.PRIORITY_HIGH,
            due_time=Timestamp(seconds=1_900_000_000 + 3600 * i),
            labels=["release", "1.0"],
            owner_id="665f1f77bcf86cd799439011",
            create_time=Timestamp(seconds=1_700_000_000 + 61 * i, nanos=123_000_000),
            update_time=Timestamp(seconds=1_700_100_000 + 67 * i, nanos=456_000_000),
            etag=str(i),
        )
        for i in range(TASKS)
    ]
    return task_service_pb2.ListTasksResponse(tasks=tasks, next_page_token="NjY1ZjFmNzdiY2Y4NmNkNzk5NDM5MDEx")


def best_us(calls: list[Callable[[], object]]) -> list[float]:
    """The least time of each call in microseconds, measured in turns so that all share the machine's moods."""
    best = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for i, call in enumerate(calls):
            best[i] = min(best[i], timeit.timeit(call, number=CALLS) / CALLS * 1e6)
    return best


def main() -> None:
    tasks = page()
    encode = compile_encoder(task_service_pb2.ListTasksResponse.DESCRIPTOR)
    bindings = {binding.template.text: binding for binding in build_bindings(load_contract().services)}
    read = RequestReader(bindings["/api/tasks/upload"]).read
    ours, theirs, read_ours, read_theirs = best_us(
        [
            lambda: encode(tasks),
            lambda: json_format.MessageToJson(tasks, always_print_fields_with_no_presence=True, indent=None),
            lambda: read([], "", orjson.loads(BODY), None),
            lambda: json_format.Parse(BODY, task_pb2.Task()),
        ]
    )
    print(f"page of {TASKS} tasks to JSON: {ours:.0f} us, json_format {theirs:.0f} us, ratio {theirs / ours:.1f}")
    print(f"a create from JSON: {read_ours:.1f} us, json_format {read_theirs:.1f} us, ratio {read_theirs / read_ours:.1f}")


if __name__ == "__main__":
    main()
