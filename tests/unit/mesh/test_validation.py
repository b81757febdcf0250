"""The contract's field rules, as they bear on real requests."""

from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from unified.task.v1 import task_pb2
from unified.task.v1 import task_service_pb2 as tasks
from unified.task.v1.transfer_service_pb2 import ImportTasksRequest
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as users

from mesh.validation import compile_rules


def problems(request: Message) -> dict[str, str]:
    descriptor: Any = request.DESCRIPTOR
    found = compile_rules(descriptor)(request)
    assert len({problem.field for problem in found}) == len(found)
    return {problem.field: problem.message for problem in found}


def registration(**changes: str) -> users.RegisterRequest:
    return users.RegisterRequest(**{"email": "ada@example.com", "password": "correct horse", "name": "Ada", **changes})


def creation(**values: Any) -> tasks.CreateTaskRequest:
    return tasks.CreateTaskRequest(task=task_pb2.Task(**{"title": "Ship it", **values}))


def update(*mask: str, **values: Any) -> tasks.UpdateTaskRequest:
    request = tasks.UpdateTaskRequest(id="1", task=task_pb2.Task(**values))
    request.update_mask.paths.extend(mask)
    return request


def test_a_sound_request_has_no_problems() -> None:
    assert problems(registration()) == {}
    assert problems(creation(labels=["release"], due_time=Timestamp(seconds=1))) == {}


def test_every_field_that_is_missing_is_named() -> None:
    assert problems(users.RegisterRequest()) == dict.fromkeys(["email", "password", "name"], "is required")
    assert problems(tasks.CreateTaskRequest()) == {"task": "is required"}
    assert problems(tasks.CreateTaskRequest(task=task_pb2.Task())) == {"task.title": "is required"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"password": "short"}, "must have at least 8 characters"),
        ({"password": "\N{SNOWMAN}" * 24}, ""),
        ({"password": "\N{SNOWMAN}" * 24 + "!"}, "must have at most 72 bytes"),
        ({"password": "with a \0 inside"}, "must be free of NUL characters"),
        ({"name": "x" * 100}, ""),
        ({"name": "x" * 101}, "must have at most 100 characters"),
        ({"name": "\N{SNOWMAN}" * 100}, ""),
        ({"name": " Ada"}, "must be free of blanks at its ends, line breaks and control characters"),
        ({"name": "Ada\nLovelace"}, "must be free of blanks at its ends, line breaks and control characters"),
        ({"name": "Ada\u2028Lovelace"}, "must be free of blanks at its ends, line breaks and control characters"),
        ({"name": "Ada\x00"}, "must be free of blanks at its ends, line breaks and control characters"),
        ({"name": "Ada\n"}, "must be free of blanks at its ends, line breaks and control characters"),
        ({"email": "a" * 243 + "@example.com"}, "must have at most 254 characters"),
    ],
)
def test_a_text_must_fit_its_rules(changes: dict[str, str], message: str) -> None:
    assert "".join(problems(registration(**changes)).values()) == message


@pytest.mark.parametrize("email", ["ada@example.com", "a.b+c@sub.example.org", "\N{SNOWMAN}@example.com", "a@b.c"])
def test_an_address_is_one(email: str) -> None:
    assert problems(registration(email=email)) == {}


@pytest.mark.parametrize(
    "email", ["ada", "ada@", "@example.com", "ada@example", "a@b@c.de", "a b@c.de", "ada@example.com\n", "a@b.c.", "a@b\0.c"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    assert problems(registration(email=email)) == {"email": "must be an e-mail address"}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=254))
def test_no_text_is_too_much_for_the_rules(text: str) -> None:
    assert set(problems(registration(email=text, name=text))) <= {"email", "name"}


@pytest.mark.parametrize(("size", "is_right"), [(0, False), (1, True), (100, True), (101, False), (-1, False)])
def test_a_number_lies_in_its_range(size: int, *, is_right: bool) -> None:
    expected = {} if is_right else {"page_size": "must be between 1 and 100"}
    assert problems(tasks.ListTasksRequest(page_size=size)) == expected


def test_a_number_that_is_not_sent_has_no_range() -> None:
    assert problems(tasks.ListTasksRequest()) == {}


def test_each_element_must_fit() -> None:
    assert problems(creation(labels=["fine", "", "x" * 51])) == {
        "task.labels[1]": "must have at least 1 characters",
        "task.labels[2]": "must have at most 50 characters",
    }


def test_a_list_has_an_end() -> None:
    assert problems(creation(labels=["fine"] * 20)) == {}
    assert problems(creation(labels=["fine"] * 20 + [""] * 1000)) == {"task.labels": "must have at most 20 elements"}


def test_an_enum_knows_its_values() -> None:
    assert problems(creation(priority=task_pb2.PRIORITY_HIGH)) == {}
    assert problems(creation(priority=99)) == {"task.priority": "is not a known value"}


@pytest.mark.parametrize(("seconds", "nanos"), [(-62_135_596_801, 0), (253_402_300_800, 0), (0, -1), (0, 10**9)])
def test_a_moment_is_one(seconds: int, nanos: int) -> None:
    moment = Timestamp(seconds=seconds, nanos=nanos)
    assert problems(creation(due_time=moment)) == {"task.due_time": "must lie between the years 1 and 9999"}


@pytest.mark.parametrize("field", ["id", "owner_id", "etag", "create_time", "update_time", "complete_time"])
def test_what_the_service_sets_is_refused(field: str) -> None:
    value = Timestamp(seconds=1) if field.endswith("time") else "mine"
    assert problems(creation(**{field: value})) == {f"task.{field}": "is set by the service"}
    assert problems(update(field)) == {f"task.{field}": "is set by the service"}


def test_a_change_is_checked_where_its_mask_points() -> None:
    assert problems(update("labels", title="x" * 201, id="not named, so not looked at")) == {}
    assert problems(update("title", title="x" * 201)) == {"task.title": "must have at most 200 characters"}
    assert problems(update("title", "title")) == {"task.title": "is required"}
    assert problems(update()) == {}


def test_a_change_inside_a_request_is_checked_likewise() -> None:
    operations = [tasks.TaskOperation(update=update("title", title="x" * 201, description="x" * 10_001))]
    operations += [tasks.TaskOperation(update=update("colour")), tasks.TaskOperation(update=update(title="x" * 201))]
    assert problems(tasks.BatchTasksRequest(operations=operations)) == {
        "operations[0].update.task.title": "must have at most 200 characters",
        "operations[1].update.update_mask": "names a field that does not exist: colour",
    }


def test_bytes_have_a_largest_size() -> None:
    assert problems(ImportTasksRequest(content=b"\xff" * 4 * 1024 * 1024)) == {}
    assert problems(ImportTasksRequest(content=b"x" * (4 * 1024 * 1024 + 1))) == {"content": "must have at most 4194304 bytes"}


def test_where_one_is_required_one_must_be_set() -> None:
    operations = [tasks.TaskOperation(delete=tasks.DeleteTaskRequest(id="1")), tasks.TaskOperation()]
    assert problems(tasks.BatchTasksRequest(operations=operations)) == {
        "operations[1]": "must have one of create, update, delete",
    }


@pytest.mark.parametrize("path", ["nonsense", "due_time.seconds", "labels[0]", "", "*", "DESCRIPTOR", "title "])
def test_a_mask_names_only_what_exists(path: str) -> None:
    assert problems(update(path)) == {"update_mask": f"names a field that does not exist: {path}"}


def test_a_mask_cannot_blow_up_the_answer() -> None:
    (problem,) = problems(update("x" * 100_000)).values()
    assert len(problem) == 200


def test_a_user_cannot_clear_their_name() -> None:
    request = users.UpdateProfileRequest(user=user_pb2.User())
    request.update_mask.paths.append("name")
    assert problems(request) == {"user.name": "is required"}


def test_a_mask_over_several_resources_is_a_mistake_in_the_contract() -> None:
    mask = FieldMask.DESCRIPTOR
    file = FileDescriptorProto(name="tests/twice.proto", package="tests", dependency=[mask.file.name])
    message = file.message_type.add(name="TwiceRequest")
    for number, name in enumerate(["update_mask", "one", "two"], 1):
        message.field.add(name=name, number=number, label=1, type=11, type_name=f".{mask.full_name}")
    pool = DescriptorPool()
    pool.AddSerializedFile(mask.file.serialized_pb)
    pool.Add(file)
    with pytest.raises(ValueError, match="not exactly one resource"):
        compile_rules(pool.FindMessageTypeByName("tests.TwiceRequest"))


@pytest.mark.parametrize(
    ("seconds", "nanos", "is_right"),
    [
        (0, 0, True),
        (0, 1, True),
        (31_536_000, 0, True),
        (31_536_000, 1, False),
        (31_536_001, 0, False),
        (2**62, 0, False),
        (-1, 0, False),
        (0, -1, False),
        (1, -1, False),
        (1, 1_000_000_000, False),
    ],
)
def test_a_duration_lies_in_its_range(seconds: int, nanos: int, *, is_right: bool) -> None:
    request = creation(reminders=[task_pb2.Reminder(before=Duration(seconds=seconds, nanos=nanos))])
    expected = {} if is_right else {"task.reminders[0].before": "must last between 0 and 31536000 seconds"}
    assert problems(request) == expected


def test_of_a_oneof_one_must_be_set() -> None:
    nothing, something = task_pb2.Reminder(), task_pb2.Reminder(at=Timestamp(seconds=1))
    expected = {"task.reminders[1]": "must have one of before, at"}
    assert problems(creation(reminders=[something, nothing])) == expected
    assert problems(update("reminders", reminders=[something, nothing])) == expected
    assert problems(update("title", title="x", reminders=[nothing])) == {}
