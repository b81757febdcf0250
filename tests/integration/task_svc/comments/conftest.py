"""People who comment on tasks."""

import grpc
import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase
from unified.task.v1 import task_pb2
from unified.task.v1.comment_service_pb2_grpc import CommentServiceStub

from mesh.mongo import Document
from tests.integration.task_svc.comments.commenter import Commenter
from tests.integration.task_svc.person import Person


def commenter(channel: grpc.aio.Channel, person: Person) -> Commenter:
    return Commenter(CommentServiceStub(channel), person.user_id, person.metadata)


@pytest.fixture
def owner(channel: grpc.aio.Channel, ada: Person) -> Commenter:
    """Ada, whose task it is."""
    return commenter(channel, ada)


@pytest.fixture
def member(channel: grpc.aio.Channel, bob: Person) -> Commenter:
    """Bob, whom the task concerns too."""
    return commenter(channel, bob)


@pytest.fixture
async def task(ada: Person, bob: Person, database: AsyncDatabase[Document]) -> task_pb2.Task:
    task = await ada.create("Ship it")
    await database["tasks"].update_one({"_id": ObjectId(task.id)}, {"$push": {"memberIds": bob.user_id}})
    return task
