"""A name server for one name, whose addresses change as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dns import message, rrset
from dns.rdatatype import A

NAME = "service.test"


class NameServer(asyncio.DatagramProtocol):
    """Answers every question with `addresses`, and counts in `asked`."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.asked = list(addresses), 0
        self._transport: asyncio.DatagramTransport | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        yield
        self._transport.close()

    def target(self, port: int) -> str:
        """What gRPC is given to find the name through this server."""
        assert self._transport is not None
        own_port = self._transport.get_extra_info("sockname")[1]
        return f"dns://127.0.0.1:{own_port}/{NAME}:{port}"

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        assert self._transport is not None
        answer = message.make_response(message.from_wire(data))
        (question,) = answer.question
        if question.rdtype == A:
            self.asked += 1
            answer.answer.append(rrset.from_text(question.name, 0, "IN", "A", *self.addresses))
        self._transport.sendto(answer.to_wire(), address)
