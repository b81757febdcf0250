"""A store of notifications that lacks the unique index on event and recipient."""

from notify_svc.repository import INDEXES, MongoNotificationRepository
from tests.audit.processes.notify_svc import run


class CarelessRepository(MongoNotificationRepository):
    async def ensure_indexes(self) -> None:
        await self._notifications.create_indexes([index for index in INDEXES if not index.document.get("unique")])


if __name__ == "__main__":
    run(MongoNotificationRepository=CarelessRepository)
