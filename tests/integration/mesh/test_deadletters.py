"""The operator's commands, run as an operator runs them, against a real RabbitMQ."""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from mesh import topology
from mesh.amqp import Broker, Message, Publisher
from mesh.consumer import ATTEMPTS, Consumer
from mesh.events import Event
from mesh.outbox import publish
from tests.integration.mesh.test_events import Recorder, an_event
from tests.waiting import PATIENCE_S, eventually, until

ROOT = Path(__file__).parents[3]
NO_ANSWER = "RabbitMQ does not answer"


class Operator:
    """Somebody at a terminal."""

    def __init__(self, rabbitmq_url: str) -> None:
        self._environment = {"RABBITMQ_URL": rabbitmq_url, "PYTHONPATH": f"{ROOT}:{ROOT / 'generated'}", "PATH": os.defpath}

    async def runs(self, *arguments: str) -> tuple[int, str]:
        """The exit code and what is printed."""
        return await eventually(partial(self.tries, *arguments), lambda outcome: NO_ANSWER not in outcome[1])

    async def tries(self, *arguments: str) -> tuple[int, str]:
        """The same, of one that gives up when the broker takes its time."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mesh.deadletters",
            *arguments,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def lists(self) -> list[dict[str, Any]]:
        code, output = await self.runs("list", "--json")
        assert code == 0, output
        rows: list[dict[str, Any]] = orjson.loads(output)
        return rows

    async def lists_in_the_end(self, *ids: str) -> list[dict[str, Any]]:
        """What one command has held the broker gives the next one soon after."""
        return await eventually(self.lists, lambda rows: [row["id"] for row in rows] == list(ids))


@pytest.fixture
def operator(rabbitmq_url: str) -> Operator:
    return Operator(rabbitmq_url)


async def bury(rabbitmq_url: str, *events: Event) -> None:
    """Have a consumer give the events up."""
    failing, publisher = Recorder(failures=99), Publisher(topology.declare_events, confirm_timeout_s=PATIENCE_S)
    consumer = Consumer({"queue": "thing"}, failing, publisher, ladder_s=())
    async with Broker(rabbitmq_url, [publisher, consumer], name="tests") as broker:
        await until(lambda: broker.is_up)
        for event in events:
            await publish(publisher, event)
        await until(lambda: failing.calls == len(events))
        await consumer.stop(PATIENCE_S)


async def test_with_nothing_buried_the_list_says_so(operator: Operator) -> None:
    assert await operator.runs("list") == (0, "There are no dead letters.\n")


async def test_the_list_tells_what_failed_where_and_why_and_changes_nothing(operator: Operator, rabbitmq_url: str) -> None:
    await bury(rabbitmq_url, an_event("thing", 1), an_event("thing", 2))
    rows = await operator.lists()
    assert [row["id"] for row in rows] == ["event-1", "event-2"]
    assert rows == await operator.lists_in_the_end("event-1", "event-2")
    assert {(row["queue"], row["type"], row["reason"], row["attempts"]) for row in rows} == {
        ("queue", "thing", "attempts_exhausted", 1)
    }
    assert "handler failed" in rows[0]["lastError"]
    code, table = await eventually(lambda: operator.runs("list"), lambda outcome: "event-1" in outcome[1])
    assert code == 0
    assert "attempts_exhausted" in table


async def test_show_tells_everything_of_one(operator: Operator, rabbitmq_url: str) -> None:
    await bury(rabbitmq_url, an_event("thing", 1))
    code, output = await operator.runs("show", "event-1")
    shown = orjson.loads(output)
    assert code == 0
    assert shown["attributes"]["sequence"] == "1"
    assert "handler failed" in shown["firstError"]
    assert (await operator.runs("show", "event-9")) == (1, "There is no dead letter event-9.\n")


async def test_a_redriven_event_is_the_same_event_and_reaches_its_consumer(operator: Operator, rabbitmq_url: str) -> None:
    await bury(rabbitmq_url, an_event("thing", 1), an_event("thing", 2))
    assert await operator.runs("redrive", "event-2") == (0, "1 redriven\n")
    await operator.lists_in_the_end("event-1")
    handler = Recorder()
    consumer = Consumer({"queue": "thing"}, handler, Publisher(topology.declare_events), ladder_s=())
    async with Broker(rabbitmq_url, [consumer], name="tests"):
        assert await handler.next() == an_event("thing", 2)
    assert await operator.runs("redrive", "event-2") == (1, "There is no dead letter event-2.\n0 redriven\n")


async def test_what_a_stranger_wrote_into_a_header_does_not_hide_the_list(operator: Operator, rabbitmq_url: str) -> None:
    await bury(rabbitmq_url, an_event("thing", 1))
    publisher = Publisher(topology.declare_events, confirm_timeout_s=PATIENCE_S)
    async with Broker(rabbitmq_url, [publisher], name="tests") as broker:
        await broker.up()
        await publisher.publish(topology.DEAD, "", Message(b"", "m-1", "junk", "text/plain", {ATTEMPTS: "many"}))
    assert [(row["id"], row["attempts"]) for row in await operator.lists()] == [("event-1", 1), ("m-1", 1)]


async def test_dropped_letters_are_gone(operator: Operator, rabbitmq_url: str) -> None:
    await bury(rabbitmq_url, an_event("thing", 1), an_event("thing", 2))
    assert await operator.runs("drop", "--all") == (0, "2 dropped\n")
    assert await operator.lists() == []
    assert await operator.runs("drop", "--all") == (0, "0 dropped\n")


async def test_without_a_broker_it_says_so(free_port_url: str) -> None:
    code, output = await Operator(free_port_url).tries("list")
    assert code == 1
    assert NO_ANSWER in output


@pytest.fixture
def free_port_url() -> str:
    from dev.ports import free_port

    return f"amqp://guest:guest@127.0.0.1:{free_port()}/"
