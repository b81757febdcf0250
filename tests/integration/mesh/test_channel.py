"""When a channel connects, and how long it waits for that."""

import contextlib

import grpc
from unified.error.v1 import reason_pb2
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from dev.ports import free_port
from mesh.channel import open_channel
from tests.integration.mesh.serving import LOGIN, server
from tests.integration.mesh.slow_way import slow_way
from tests.refusals import refused
from tests.waiting import eventually, until

TIMEOUT_S = 10.0


async def test_a_call_waits_for_a_connection_that_takes_its_time() -> None:
    async with server() as port, slow_way(port, 0.7) as way:

        async def first_call_succeeds() -> bool:
            async with open_channel(f"127.0.0.1:{way}") as channel:
                with contextlib.suppress(grpc.aio.AioRpcError):
                    return bool(await UserServiceStub(channel).Login(LOGIN, timeout=TIMEOUT_S))
            return False

        # On a busy machine it may take even longer than a channel waits.
        await eventually(first_call_succeeds)


async def test_a_call_fails_at_once_where_nobody_listens() -> None:
    async with open_channel(f"127.0.0.1:{free_port()}") as channel:
        await until(lambda: channel.get_state() is grpc.ChannelConnectivity.TRANSIENT_FAILURE)
        with refused(reason_pb2.REASON_UNAVAILABLE):
            await UserServiceStub(channel).Login(LOGIN, timeout=TIMEOUT_S)


async def test_a_channel_is_connected_before_its_first_call() -> None:
    async with server() as port, open_channel(f"127.0.0.1:{port}") as channel:
        await until(lambda: channel.get_state() is grpc.ChannelConnectivity.READY)
