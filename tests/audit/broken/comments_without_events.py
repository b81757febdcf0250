"""Comments whose events are published, but not stored with them."""

from mesh.mongo import Document
from task_svc.comments.repository import MongoCommentRepository
from task_svc.comments.use_cases import Commented
from tests.audit.processes.task_svc import run


class CarelessRepository(MongoCommentRepository):
    async def add(self, commented: Commented) -> None:
        insert = self._insert

        async def insert_without(document: Document) -> None:
            await insert({**document, "outbox": []})

        self._insert = insert_without  # type: ignore[assignment]
        try:
            await super().add(commented)
        finally:
            self._insert = insert


if __name__ == "__main__":
    run(MongoCommentRepository=CarelessRepository)
