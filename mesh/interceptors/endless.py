"""Calls that a client never ends, such as a health watch: they end when the server leaves, which would wait for them."""

import asyncio
from typing import Any

import grpc

from mesh.interceptors import Context, Handler, Method


class Endless:
    """The answers in streams that are under way on one server."""

    def __init__(self) -> None:
        self._answers: set[asyncio.Timeout] = set()
        self._over = False

    def intercept(self, method: Method, handler: Handler) -> Handler:
        """Bound by `end` if the method answers in a stream."""
        if not method.descriptor.server_streaming:
            return handler

        async def call(request: Any, context: Context) -> None:
            answer = asyncio.timeout(0 if self._over else None)
            try:
                async with answer:
                    self._answers.add(answer)
                    try:
                        await handler(request, context)
                    finally:
                        self._answers.discard(answer)
            except TimeoutError:
                if not answer.expired():
                    raise
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the server stops")

        return call

    def end(self) -> None:
        """Cut the answers short with UNAVAILABLE, also those that are asked for from now on."""
        self._over = True
        now = asyncio.get_running_loop().time()
        for answer in self._answers:
            answer.reschedule(now)
