"""What is exported can be imported."""

import pytest
from bson import ObjectId
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unified.task.v1 import task_pb2
from unified.task.v1 import transfer_service_pb2 as pb

from task_svc.transfer import lines
from task_svc.transfer.records import to_record
from tests.callers import signed_in
from tests.integration.task_svc.person import Person
from tests.integration.task_svc.transfer.files import Files, said
from tests.made_tasks import TASKS

DUE = Timestamp(seconds=1893456000, nanos=123_000_000)
FORMATS = [pb.TRANSFER_FORMAT_JSONL, pb.TRANSFER_FORMAT_CSV]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=st.lists(TASKS, min_size=1, max_size=20))
async def test_any_tasks_survive_an_export_and_an_import(
    tasks: list[task_pb2.Task], ada: Person, files: Files, jwt_secret: str
) -> None:
    for number, task in enumerate(tasks):
        task.id = f"task {number}"
        task.assignee_id = ""
    content = lines.write(map(to_record, tasks))
    for form in (pb.TRANSFER_FORMAT_JSONL, *FORMATS):
        user_id = str(ObjectId())
        person = Person(ada.stub, user_id, signed_in(user_id, jwt_secret))
        assert await files.import_(person, content) == (len(tasks), 0, [])
        kept = list((await person.page()).tasks)
        assert [said(each, "create_time", "complete_time") for each in kept] == [said(each) for each in tasks]
        content = await files.export(person, format=form)


@pytest.mark.parametrize("form", FORMATS)
async def test_what_is_exported_can_be_imported_by_somebody_else(form: int, ada: Person, bob: Person, files: Files) -> None:
    await ada.create("=HYPERLINK()", description='two\r\nlines, "quoted"', labels=["a,b", 'c "d"'], due_time=DUE)
    task = await ada.create("\N{ROCKET}", priority=task_pb2.PRIORITY_URGENT)
    await ada.change(task.id, status=task_pb2.STATUS_DONE)
    await bob.create("of Bob")
    content = await files.export(ada, format=form)
    assert await files.import_(bob, content) == (2, 0, [])
    mine, theirs = list((await ada.page()).tasks), list((await bob.page()).tasks)
    assert [said(each) for each in mine] == [said(each) for each in theirs[1:]]
    assert {each.owner_id for each in theirs} == {bob.user_id}
    assert not {each.id for each in mine} & {each.id for each in theirs}


async def test_ones_own_export_brings_back_only_what_is_missing(ada: Person, bob: Person, files: Files) -> None:
    kept, gone = await ada.create("kept", description="as it was"), await ada.create("gone", labels=["a"])
    content = await files.export(ada, format=pb.TRANSFER_FORMAT_CSV)
    await ada.change(kept.id, title="changed")
    await ada.delete(gone.id)
    for created in (1, 0):
        assert await files.import_(ada, content) == (created, 2 - created, [])
    back, still = (await ada.page()).tasks
    assert (said(back), still.title) == (said(gone), "changed")
    # To somebody else those ids say nothing, and give away nothing.
    assert await files.import_(bob, content) == (2, 0, [])
