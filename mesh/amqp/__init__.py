"""RabbitMQ over pika, with awaits in the place of callbacks and a connection that comes back by itself."""

from mesh.amqp.broker import Broker, Session
from mesh.amqp.channel import AmqpError, Channel, Delivery, Message
from mesh.amqp.publisher import NotConfirmedError, Publisher

__all__ = ["AmqpError", "Broker", "Channel", "Delivery", "Message", "NotConfirmedError", "Publisher", "Session"]
