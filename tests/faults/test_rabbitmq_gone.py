"""While RabbitMQ is gone changes are accepted; when it is back, everyone hears of each of them once."""

import asyncio
from functools import partial

from dev.servers import RabbitMQ
from tests.e2e.rest import Answer, Person
from tests.platform import Platform
from tests.waiting import eventually


def says_that_rabbitmq_is_gone(health: Answer) -> bool:
    rabbitmq = health.json["parts"]["task_svc"]["parts"].get("rabbitmq")
    return bool(rabbitmq and rabbitmq["status"] == "unavailable")


async def test_what_changed_meanwhile_is_told_when_rabbitmq_is_back(platform: Platform, ada: Person, rabbitmq: RabbitMQ) -> None:
    task = await ada.creates(title="Before")
    await ada.is_notified(1)

    # Politely: RabbitMQ writes new queues down only seconds after they were declared, or when it stops.
    await rabbitmq.stop()
    try:
        made = await asyncio.gather(*(ada.creates(title=f"Meanwhile {number}") for number in range(20)))
        (await ada.put(f"/api/tasks/{task['id']}", {"status": "in_progress"})).expect(200)
        (await ada.delete(f"/api/tasks/{task['id']}")).expect(204)
        health = await eventually(partial(ada.get, "/health"), says_that_rabbitmq_is_gone)
        assert health.json["parts"]["task_svc"]["status"] == "degraded"
        await eventually(partial(ada.get, "/api/tasks/home"), lambda answer: answer.status == 200)
        await eventually(platform.process("task_svc").healthy)
        assert len(await ada.notifications()) == 1
    finally:
        await rabbitmq.start()

    told = await ada.is_notified(3 + len(made))
    assert len({each["eventId"] for each in told}) == len(told)
    assert {each["taskId"] for each in told} == {task["id"], *(each["id"] for each in made)}
    assert [each["type"] for each in told].count("task.created") == 1 + len(made)
