"""What each test gets for itself of the servers that all tests share."""

import asyncio

import pika
from redis.asyncio import Redis

from dev.servers import RabbitMQ


async def test_a_virtual_host_shares_no_queue_with_another(rabbitmq: RabbitMQ, rabbitmq_url: str) -> None:
    def queues_of(url: str) -> int:
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()
            before: int = channel.queue_declare("isolated", durable=True).method.message_count
            channel.basic_publish("", "isolated", b"message")
            return before

    other_url = await rabbitmq.add_virtual_host("other")
    assert [await asyncio.to_thread(queues_of, url) for url in (rabbitmq_url, other_url)] == [0, 0]


async def test_a_redis_database_is_empty(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")


test_the_next_redis_database_is_empty = test_a_redis_database_is_empty
