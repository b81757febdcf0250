"""Answers a file part by part, with one part in memory, and each with a deadline of its own.

Once the first part is sent, a failure cannot become an answer any more: it cuts the connection off, so that no client takes what
it has for the whole file.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from unified.error.v1.reason_pb2 import REASON_OVERLOADED

from gateway.connections import EdgeRequest
from mesh.errors import ServiceError

log = logging.getLogger(__name__)

# A client that takes less than this in the time is taken for gone.
PIECE_BYTES, PIECE_TIMEOUT_S = 64 * 1024, 30.0
# How long, and how often, the next part is asked for while there are too many requests.
PATIENCE_S, PAUSE_S = 30.0, 1.0

AskFor = Callable[[str], Awaitable[Any]]
"""From a page token to the part that it stands for."""


async def send_file(request: EdgeRequest, first: Any, ask_for: AskFor) -> web.StreamResponse:
    """The answer, with the whole file sent unless it is in the answer."""
    headers = {"Content-Type": first.content_type, "Content-Disposition": f'attachment; filename="{first.file_name}"'}
    if not first.next_page_token:
        return web.Response(headers=headers, body=first.content)
    response = web.StreamResponse(headers=headers)
    if request.method == "HEAD":
        return response
    complete = False
    try:
        await response.prepare(request)
        await _send_parts(response, first, ask_for)
        complete = True
    except (ServiceError, TimeoutError, ConnectionError) as error:
        log.warning("download broke off", extra={"error": repr(error)})
    finally:
        if not complete:
            request.cut_off()
    return response


async def _send_parts(response: web.StreamResponse, part: Any, ask_for: AskFor) -> None:
    while True:
        for begin in range(0, len(part.content), PIECE_BYTES):
            async with asyncio.timeout(PIECE_TIMEOUT_S):
                await response.write(part.content[begin : begin + PIECE_BYTES])
        if not part.next_page_token:
            return
        part = await _patiently(ask_for, part.next_page_token)


async def _patiently(ask_for: AskFor, page_token: str) -> Any:
    """The next part, also where it takes a while to find a place: to begin anew would cost more."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await ask_for(page_token)
        except ServiceError as error:
            if error.reason != REASON_OVERLOADED or time.monotonic() > give_up_at:
                raise
        await asyncio.sleep(PAUSE_S)
