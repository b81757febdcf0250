"""While RabbitMQ is gone changes are accepted; when it is back, everyone hears of each of them once."""

import asyncio

from dev.servers import RabbitMQ
from tests.e2e.rest import Person
from tests.platform import Platform


async def test_what_changed_meanwhile_is_told_when_rabbitmq_is_back(platform: Platform, ada: Person, rabbitmq: RabbitMQ) -> None:
    task = await ada.creates(title="Before")
    await ada.is_notified(1)

    # Politely: RabbitMQ writes new queues down only seconds after they were declared, or when it stops.
    await rabbitmq.stop()
    try:
        made = await asyncio.gather(*(ada.creates(title=f"Meanwhile {number}") for number in range(20)))
        (await ada.put(f"/api/tasks/{task['id']}", {"status": "in_progress"})).expect(200)
        (await ada.delete(f"/api/tasks/{task['id']}")).expect(204)
        (await ada.get("/api/tasks/home")).expect(200)
        assert await platform.process("task_svc").healthy()
        assert len(await ada.notifications()) == 1
    finally:
        await rabbitmq.start()

    told = await ada.is_notified(3 + len(made))
    assert len({each["eventId"] for each in told}) == len(told)
    assert {each["taskId"] for each in told} == {task["id"], *(each["id"] for each in made)}
    assert [each["type"] for each in told].count("task.created") == 1 + len(made)
