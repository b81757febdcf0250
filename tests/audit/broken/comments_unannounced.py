"""Comments that are stored without the events that announce them."""

from bson import ObjectId

from task_svc.comments.repository import MongoCommentRepository, _to_fields
from task_svc.comments.use_cases import Commented
from task_svc.finding import EXISTING
from tests.audit.processes.task_svc import run


class CarelessRepository(MongoCommentRepository):
    async def add(self, commented: Commented) -> None:
        comment = commented.comment
        await self._insert({"_id": ObjectId(comment.id), **_to_fields(comment), **EXISTING, "outbox": []})


if __name__ == "__main__":
    run(MongoCommentRepository=CarelessRepository)
