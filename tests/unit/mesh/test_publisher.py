"""What the broker's words mean to a publisher, word by word: a channel that the test answers for."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pika
import pytest

from mesh.amqp import Channel, Message, NotConfirmedError, Publisher

MESSAGE = Message(b"", "the same id", "thing", "text/plain")


class Wire:
    """Stands where pika's channel stands, and keeps what is published."""

    def __init__(self) -> None:
        self.is_open = True
        self.published: list[pika.BasicProperties] = []
        self.closed_because = ""

    def add_on_return_callback(self, callback: Any) -> None:
        self.returned = callback

    def basic_publish(self, *arguments: Any, mandatory: bool) -> None:
        assert mandatory
        self.published.append(arguments[3])

    def close(self, reply_text: str) -> None:
        self.is_open, self.closed_because = False, reply_text


class Line:
    """A publisher, and the broker's end of its channel."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher, self.wire = publisher, Wire()
        self._confirm: Any = None

    async def open(self) -> "Line":
        async def confirm_publishes(on_confirm: Any) -> None:
            self._confirm = on_confirm

        await self.publisher.opened(cast("Channel", SimpleNamespace(raw=self.wire, confirm_publishes=confirm_publishes)))
        return self

    async def publish(self, count: int) -> list["asyncio.Task[None]"]:
        tasks = [asyncio.create_task(self.publisher.publish("exchange", "key", MESSAGE)) for _ in range(count)]
        await asyncio.sleep(0)
        return tasks

    def returns(self, index: int) -> None:
        self.wire.returned(None, None, self.wire.published[index], b"")

    def confirms(self, tag: int, *, multiple: bool = False, name: str = "Basic.Ack") -> None:
        self._confirm(SimpleNamespace(method=SimpleNamespace(delivery_tag=tag, multiple=multiple, NAME=name)))


async def nothing(_: Channel) -> None:
    """No exchange to declare."""


async def line(**options: Any) -> Line:
    return await Line(Publisher(nothing, **options)).open()


async def outcomes(tasks: list["asyncio.Task[None]"]) -> list[str]:
    return [str(result or "confirmed") for result in await asyncio.gather(*tasks, return_exceptions=True)]


async def test_one_word_confirms_all_up_to_it() -> None:
    ours = await line()
    tasks = await ours.publish(3)
    ours.confirms(2, multiple=True)
    ours.confirms(3, name="Basic.Nack")
    assert await outcomes(tasks) == ["confirmed", "confirmed", "refused by the broker"]


async def test_what_no_queue_took_is_not_confirmed_however_often_its_id_is_under_way() -> None:
    ours = await line()
    tasks = await ours.publish(3)
    ours.returns(0)
    ours.returns(2)
    ours.confirms(3, multiple=True)
    assert await outcomes(tasks) == ["no queue is bound for it", "confirmed", "no queue is bound for it"]


async def test_what_is_under_way_when_the_channel_is_lost_counts_as_not_confirmed() -> None:
    ours = await line()
    tasks = await ours.publish(2)
    ours.publisher.lost()
    assert await outcomes(tasks) == ["the channel was lost"] * 2
    with pytest.raises(NotConfirmedError, match="not connected"):
        await ours.publisher.publish("exchange", "key", MESSAGE)


async def test_a_broker_that_never_confirms_gets_a_bounded_number_of_messages_and_then_a_new_channel() -> None:
    ours = await line(confirm_timeout_s=0.01, outstanding=3)
    assert await outcomes(await ours.publish(5)) == ["not confirmed in time"] * 5
    assert len(ours.wire.published) == 3
    assert ours.wire.closed_because
    ours.publisher.lost()
    again = await Line(ours.publisher).open()
    tasks = await again.publish(3)
    again.confirms(3, multiple=True)
    assert await outcomes(tasks) == ["confirmed"] * 3


async def test_a_late_confirm_makes_room_again() -> None:
    ours = await line(confirm_timeout_s=0.01, outstanding=1)
    assert await outcomes(await ours.publish(1)) == ["not confirmed in time"]
    ours.wire.is_open = True
    ours.confirms(1)
    tasks = await ours.publish(1)
    ours.confirms(2)
    assert await outcomes(tasks) == ["confirmed"]
