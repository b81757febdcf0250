"""Requests are put together from path, query, body and If-Match, each from its own place only."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from unified.task.v1 import task_pb2, task_service_pb2
from unified.user.v1 import user_service_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.transcoding.input_errors import InvalidRequestError
from gateway.transcoding.places import compile_places
from gateway.transcoding.requests import RequestReader
from tests.unit.gateway.contracts import service

BINDINGS = {(b.verb, b.template.text): b for b in build_bindings(load_contract().services)}
READERS = {key: RequestReader(binding) for key, binding in BINDINGS.items()}
UPDATE = READERS["PATCH", "/api/tasks/{id}"]
BATCH = READERS["POST", "/api/tasks/batch"]
LIST = READERS["GET", "/api/tasks"]


def refused(call: Callable[[], object]) -> list[Mapping[str, str]]:
    with pytest.raises(InvalidRequestError) as raised:
        call()
    return raised.value.errors


def test_a_body_fills_its_field_and_the_path_its_own() -> None:
    request = UPDATE.read(["7"], "", {"title": "Ship it", "due_time": None, "labels": ["a"]}, "3")

    assert request == task_service_pb2.UpdateTaskRequest(
        id="7",
        task=task_pb2.Task(title="Ship it", labels=["a"]),
        update_mask=FieldMask(paths=["title", "due_time", "labels"]),
        etag="3",
    )


def test_an_empty_change_names_no_field() -> None:
    request: Any = UPDATE.read(["7"], "", {}, None)

    assert request.HasField("update_mask")
    assert (list(request.update_mask.paths), request.etag) == ([], "")


def test_changes_inside_a_body_have_masks_of_their_own() -> None:
    change = {"id": "7", "etag": "3", "title": "Ship it", "dueTime": None, "labels": ["a"]}

    request: Any = BATCH.read([], "", {"operations": [{"update": change}, {"update": {"id": "8"}}]}, None)

    first, second = (operation.update for operation in request.operations)
    assert first == task_service_pb2.UpdateTaskRequest(
        id="7",
        etag="3",
        task=task_pb2.Task(title="Ship it", labels=["a"]),
        update_mask=FieldMask(paths=["title", "due_time", "labels"]),
    )
    assert second.HasField("update_mask")
    assert (second.id, list(second.update_mask.paths)) == ("8", [])


@pytest.mark.parametrize(
    ("operation", "pointer", "complaint"),
    [
        ({"update": []}, "/update", "must be an object"),
        ({"update": {"id": 7}}, "/update/id", "must be a string"),
        ({"update": {"id": "7", "title": 7}}, "/update/title", "must be a string"),
        ({"update": {"id": "7", "ownerId": "me"}}, "/update/ownerId", "is set by the service"),
        ({"update": {"id": "7", "task": {}}}, "/update/task", "is not a field of the request"),
        ({"update": {"id": "7", "updateMask": "title"}}, "/update/updateMask", "is not a field of the request"),
        ({"delete": {"id": "7"}, "create": {}}, "", "must have at most one of create, update, delete"),
        ({"restore": {"id": "7"}}, "/restore", "is not a field of the request"),
    ],
)
def test_refuses_an_operation(operation: Any, pointer: str, complaint: str) -> None:
    body = {"operations": [{"delete": {"id": "1"}}, operation]}
    assert refused(lambda: BATCH.read([], "", body, None)) == [{"pointer": f"/operations/1{pointer}", "message": complaint}]


def test_what_is_too_much_is_not_even_read() -> None:
    body = {"operations": [None] * 101}
    assert refused(lambda: BATCH.read([], "", body, None)) == [
        {"pointer": "/operations", "message": "must have at most 100 elements"}
    ]


def test_a_whole_body_fills_the_request() -> None:
    request = READERS["POST", "/api/users/login"].read([], "", {"email": "a@b.c", "password": "x"}, "1")

    assert request == user_service_pb2.LoginRequest(email="a@b.c", password="x")


def test_the_query_fills_what_is_left() -> None:
    assert LIST.read([], "pageSize=20&page_token=a%2Bb+c", None, None) == task_service_pb2.ListTasksRequest(
        page_size=20, page_token="a+b c"
    )
    assert not LIST.read([], "", None, None).HasField("page_size")


@pytest.mark.parametrize(
    ("query", "parameter", "complaint"),
    [
        ("pageSize=x", "pageSize", "must be a whole number"),
        ("pageSize=", "pageSize", "must be a whole number"),
        ("page_size=1.0", "pageSize", "must be a whole number"),
        ("pageSize=1&pageSize=2", "pageSize", "is there twice"),
        ("pageSize=1&page_size=2", "pageSize", "is there twice"),
        ("pagesize=1", "pagesize", "is not a parameter of this request"),
        ("=1", "", "is not a parameter of this request"),
        ("pageToken=%ff", "the query", "must be percent-encoded UTF-8 with at most 100 parameters"),
        ("pageToken=\udcff", "the query", "must be percent-encoded UTF-8 with at most 100 parameters"),
        ("&".join(["a=1"] * 101), "the query", "must be percent-encoded UTF-8 with at most 100 parameters"),
    ],
)
def test_refuses_a_query(query: str, parameter: str, complaint: str) -> None:
    assert refused(lambda: LIST.read([], query, None, None)) == [{"parameter": parameter, "message": complaint}]


@pytest.mark.parametrize("query", ["updateMask=title", "etag=1", "id=7", "task.title=x"])
def test_what_path_body_or_header_fill_is_no_query_parameter(query: str) -> None:
    [error] = refused(lambda: UPDATE.read(["7"], query, {}, None))
    assert error["message"] == "is not a parameter of this request"


QUERY = """
    message Filter { string word = 1; repeated Kind kinds = 2; google.protobuf.Timestamp due_before = 3; bool open = 4; }
    enum Kind { KIND_UNSPECIFIED = 0; KIND_SMALL = 1; KIND_BIG = 2; }
    message L { int64 number = 1; Filter the_filter = 2; }
"""
SEARCH = RequestReader(
    build_bindings(
        [
            service(
                """rpc Search(L) returns (A) {
                    option (unified.api.v1.access) = ACCESS_USER;
                    option (google.api.http) = {get: "/search/{number}"};
                }""",
                QUERY,
            )
        ]
    )[0]
)


def test_nested_and_repeated_parameters() -> None:
    request: Any = SEARCH.read(
        ["-5"], "theFilter.word=a&the_filter.kinds=big&theFilter.kinds=SMALL&theFilter.open=false", None, None
    )

    assert request.number == -5
    assert (request.the_filter.word, list(request.the_filter.kinds), request.the_filter.open) == ("a", [2, 1], False)


def test_errors_of_path_and_query_come_together() -> None:
    assert refused(lambda: SEARCH.read(["x"], "theFilter.kinds=none&theFilter.dueBefore=now", None, None)) == [
        {"parameter": "number", "message": "must be a whole number"},
        {"parameter": "theFilter.kinds", "message": "must be one of small, big"},
        {
            "parameter": "theFilter.dueBefore",
            "message": 'must be a time of RFC 3339, as in "2030-01-31T12:00:00Z"',
        },
    ]


@pytest.mark.parametrize(
    ("route", "path", "place"),
    [
        (("PATCH", "/api/tasks/{id}"), "task.due_time", {"pointer": "/dueTime"}),
        (("PATCH", "/api/tasks/{id}"), "task.labels[3]", {"pointer": "/labels/3"}),
        (("PATCH", "/api/tasks/{id}"), "task", {"pointer": ""}),
        (("PATCH", "/api/tasks/{id}"), "id", {"parameter": "id"}),
        (("PATCH", "/api/tasks/{id}"), "etag", {"parameter": "If-Match"}),
        (("PATCH", "/api/tasks/{id}"), "", {"pointer": ""}),
        (("GET", "/api/tasks"), "page_size", {"parameter": "pageSize"}),
        (("POST", "/api/tasks/batch"), "operations[1].create.title", {"pointer": "/operations/1/create/title"}),
        (("POST", "/api/tasks/batch"), "operations[0].update.task.due_time", {"pointer": "/operations/0/update/dueTime"}),
        (("POST", "/api/tasks/batch"), "operations[0].update.etag", {"pointer": "/operations/0/update/etag"}),
        (("POST", "/api/tasks/batch"), "operations[12]", {"pointer": "/operations/12"}),
        (("POST", "/api/users/register"), "password", {"pointer": "/password"}),
        (("POST", "/api/users/register"), "nothing.known", {"pointer": "/nothing/known"}),
    ],
)
def test_a_services_complaint_is_placed_in_the_rest_request(route: tuple[str, str], path: str, place: dict[str, str]) -> None:
    assert compile_places(BINDINGS[route])(path) == place
