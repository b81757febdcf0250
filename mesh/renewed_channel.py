"""A channel whose certificates may change while it is used: gRPC's own keep those they were opened with."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import grpc

from mesh.certificates import CertificateFiles, Certificates, FreshCertificates
from mesh.deadlines import LONGEST_CALL_S
from mesh.lifecycle import every

log = logging.getLogger(__name__)

READY, FAILING = grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.TRANSIENT_FAILURE
# Longer than a connection takes.
PATIENCE_S = 3.0


class RenewedChannel(grpc.aio.Channel):
    """Calls go over the newest channel that has connected; those under way end on theirs."""

    def __init__(self, open_with: Callable[[Certificates], grpc.aio.Channel], files: CertificateFiles) -> None:
        self._open_with, self._interval_s = open_with, files.reload_interval_s
        self._fresh = FreshCertificates(files)
        self._shown = self._fresh.current()
        self.newest = open_with(self._shown)
        self._ending: dict[asyncio.Task[None], grpc.aio.Channel] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "RenewedChannel":
        await self._stack.enter_async_context(every(self._interval_s, self._renew, "certificates"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        await self._stack.aclose()
        ending = dict(self._ending)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await asyncio.gather(*(channel.close() for channel in ending.values()))
        await self.newest.close(grace)

    async def _renew(self) -> None:
        certificates = self._fresh.current()
        if certificates == self._shown:
            return
        new = self._open_with(certificates)
        try:
            # Where the one before reaches nobody there is nothing to lose.
            if self.newest.get_state() != FAILING:
                with suppress(TimeoutError):
                    await asyncio.wait_for(new.channel_ready(), PATIENCE_S)
            if new.get_state() != READY and self.newest.get_state(try_to_connect=True) != FAILING:
                log.warning("new certificates are not taken yet, those before go on")
                return
            old, self.newest, self._shown = self.newest, new, certificates
        finally:
            if new is not self.newest:
                await new.close()
        log.info("certificates renewed")
        task = asyncio.create_task(_close_later(old))
        self._ending[task] = old
        task.add_done_callback(self._ending.pop)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self.newest.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self.newest.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self.newest.channel_ready()

    def unary_unary(self, *how: Any, **more: Any) -> Any:
        return _Method(self, lambda channel: channel.unary_unary(*how, **more))

    def unary_stream(self, *how: Any, **more: Any) -> Any:
        return _Method(self, lambda channel: channel.unary_stream(*how, **more))

    def stream_unary(self, *how: Any, **more: Any) -> Any:
        return _Method(self, lambda channel: channel.stream_unary(*how, **more))

    def stream_stream(self, *how: Any, **more: Any) -> Any:
        return _Method(self, lambda channel: channel.stream_stream(*how, **more))


async def _close_later(channel: grpc.aio.Channel) -> None:
    """When its calls have ended. gRPC's own way to close with a grace, once cancelled, has closed nothing and never will."""
    await asyncio.sleep(LONGEST_CALL_S)
    await channel.close()


class _Method:
    """A method as a stub holds it, on whichever channel is the newest."""

    def __init__(self, owner: RenewedChannel, make: Callable[[Any], Any]) -> None:
        self._owner, self._make = owner, make
        self._channel = owner.newest
        self._call = make(self._channel)

    def __call__(self, *request: Any, **options: Any) -> Any:
        if self._channel is not self._owner.newest:
            self._channel = self._owner.newest
            self._call = self._make(self._channel)
        return self._call(*request, **options)
