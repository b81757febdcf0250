"""After the faults: waits until everything that was accepted has arrived, and says what never does."""

import asyncio
import json
import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from dev.process import StartError
from mesh.mongo import database, open_mongo
from mesh.outbox import PENDING
from mesh.topology import DEAD_LETTERS
from task_svc.comments.repository import COMMENTS
from task_svc.finding import EXISTING
from task_svc.repository import COLLECTION
from task_svc.scheduling import NEVER, NEXT_MOMENT
from tests.audit.world import World

PATIENCE_S = 60.0
INTERVAL_S = 0.5
# Looks in a row that must find nothing: queues are not counted at the same moment, and messages move between them.
LOOKS = 2
# What the queues hold now, by the queue's own account: what `list_queues` says of quorum queues is seconds old.
_COUNTS = """
    Total = fun(Queue) ->
        {ok, {_, Count}, _} = ra:local_query(amqqueue:get_pid(Queue), fun rabbit_fifo:query_messages_total/1),
        Count
    end,
    Name = fun(Queue) -> element(4, amqqueue:get_name(Queue)) end,
    rabbit_json:encode(maps:from_list([{Name(Queue), Total(Queue)} || Queue <- rabbit_amqqueue:list(<<"%s">>)])).
"""


async def settle(world: World) -> Mapping[str, int]:
    """Return once outboxes and queues stay empty, or what is in them when patience ends."""
    end, empty_looks = time.monotonic() + PATIENCE_S, 0
    while True:
        left = await leftovers(world)
        empty_looks = 0 if left else empty_looks + 1
        if empty_looks == LOOKS or time.monotonic() > end:
            return left
        await asyncio.sleep(INTERVAL_S)


async def leftovers(world: World) -> Mapping[str, int]:
    """Tasks and comments with unsent events, tasks that have not said all that they will, and messages by queue: those that wait
    and those that are handed out."""
    async with open_mongo(world.servers.mongod.url, "audit") as client:
        stored = database(client, world.platform.database("task_svc"))
        counts = {
            "outboxes": await stored[COLLECTION].count_documents(PENDING),
            "outboxes of comments": await stored[COMMENTS].count_documents(PENDING),
            "reminders": await stored[COLLECTION].count_documents({NEXT_MOMENT: {"$lt": NEVER}, **EXISTING}),
        }
    counts |= await _messages(world)
    return {place: count for place, count in counts.items() if count}


async def _messages(world: World) -> dict[str, int]:
    virtual_host = unquote(urlsplit(world.servers.rabbitmq_url).path.removeprefix("/")) or "/"
    try:
        answer = await world.servers.rabbitmq.control("eval", _COUNTS % virtual_host)
    except StartError:
        return {"RabbitMQ, whose queues do not all answer yet": 1}
    # An Erlang binary, which is written as a string in double angle brackets.
    queues: dict[str, int] = json.loads(json.loads(answer.strip().removeprefix("<<").removesuffix(">>")))
    # That one is accounted for by its letters.
    queues.pop(DEAD_LETTERS, None)
    return queues
