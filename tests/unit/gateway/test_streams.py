"""Whose turn it is to ask for what is new to a stream."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from unified.error.v1 import reason_pb2

from gateway.streams import ASKING_AT_ONCE, Streams
from mesh.errors import ServiceError


@pytest.mark.parametrize(
    ("hurried", "reason"), [(False, reason_pb2.REASON_OVERLOADED), (True, reason_pb2.REASON_DEADLINE_EXCEEDED)]
)
async def test_who_gets_no_turn_in_time_hears_why(hurried: bool, reason: int) -> None:
    streams = Streams(most=1, most_of_a_user=1)
    async with AsyncExitStack() as others:
        for _ in range(ASKING_AT_ONCE):
            await others.enter_async_context(streams.turn(1, hurried=False))
        with pytest.raises(ServiceError) as raised:
            async with streams.turn(0.01, hurried=hurried):
                pass
        assert raised.value.reason == reason
    async with asyncio.timeout(1), streams.turn(1, hurried=hurried):
        assert not streams.must_wait
