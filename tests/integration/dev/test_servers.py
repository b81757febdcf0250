"""The servers of the local stack: they come back with their data after a crash, and leave nothing behind."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pika
import pytest
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from dev import marks
from dev.mongod import Mongod
from dev.ports import free_port, in_use
from dev.rabbitmq import RabbitMQ
from dev.redis_server import RedisServer

Server = Mongod | RedisServer | RabbitMQ
Remember = Callable[[str], Awaitable[bool]]


async def remember_in_mongodb(url: str) -> bool:
    """Store a thing; True when it was there already. So do the next two."""
    async with AsyncMongoClient[dict[str, str]](url) as client:
        result = await client["test"]["things"].update_one({"_id": "thing"}, {"$set": {"kept": "yes"}}, upsert=True)
        return result.matched_count == 1


async def remember_in_redis(url: str) -> bool:
    async with Redis.from_url(url) as client:
        return await client.set("thing", "kept", get=True) is not None


async def remember_in_rabbitmq(url: str) -> bool:
    def publish() -> bool:
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            before: int = channel.queue_declare("things", durable=True).method.message_count
            durable = pika.BasicProperties(delivery_mode=2)  # type: ignore[no-untyped-call]
            channel.basic_publish("", "things", b"thing", durable)
            return before > 0

    return await asyncio.to_thread(publish)


@pytest.fixture(
    params=[(Mongod, remember_in_mongodb), (RedisServer, remember_in_redis), (RabbitMQ, remember_in_rabbitmq)],
    ids=["mongod", "redis", "rabbitmq"],
)
async def server_and_remember(request: pytest.FixtureRequest, run_directory: Path) -> AsyncIterator[tuple[Server, Remember]]:
    kind, remember = request.param
    server: Server = kind(run_directory / "own", free_port())
    yield server, remember
    await server.stop()


@pytest.mark.timeout(300)
async def test_a_killed_server_comes_back_with_its_data_and_a_stopped_one_is_gone(
    server_and_remember: tuple[Server, Remember],
) -> None:
    server, remember = server_and_remember
    await server.start()
    assert not await remember(server.url)

    first_pid = server.pid
    server.kill()
    assert server.pid is None
    await server.start()
    assert server.pid != first_pid
    assert await remember(server.url)

    await server.stop()
    assert server.pid is None
    assert not in_use(server.port)
    assert not marks.marked(server.directory)
    assert not server.pid_file.exists()


async def test_a_second_starter_adopts_a_running_server(run_directory: Path) -> None:
    port = free_port()
    server = RedisServer(run_directory / "adopted", port)
    await server.start()
    again = RedisServer(run_directory / "adopted", port)

    await again.start()
    assert again.pid == server.pid
    ended = asyncio.create_task(server.exited())
    await again.stop()
    await asyncio.wait_for(ended, 10)
    assert server.pid is None


async def test_a_server_with_other_settings_is_replaced(run_directory: Path) -> None:
    server = RedisServer(run_directory / "moved", free_port())
    await server.start()
    moved = RedisServer(run_directory / "moved", free_port())

    await moved.start()
    assert not in_use(server.port)
    assert await remember_in_redis(moved.url) is False
    await moved.stop()


async def test_a_port_that_a_dying_process_still_holds_is_waited_for(run_directory: Path) -> None:
    port = free_port()
    dying = socket.create_server(("127.0.0.1", port))
    server = RedisServer(run_directory / "waiting", port)

    asyncio.get_running_loop().call_later(0.3, dying.close)
    await server.start()
    assert server.pid is not None
    await server.stop()


async def test_a_pid_file_that_names_a_stranger_harms_nobody(run_directory: Path) -> None:
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    server = RedisServer(run_directory / "strange", free_port())
    server.pid_file.parent.mkdir(parents=True)
    server.pid_file.write_text(f"{stranger.pid}\n")

    assert server.pid is None
    server.kill()
    await server.stop()
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()
