"""Reads request bodies: JSON only, as many bytes as the method admits, in bounded time."""

import asyncio
import math
from collections.abc import Awaitable, Sequence
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError
from unified.error.v1.reason_pb2 import REASON_BODY_TOO_LARGE, REASON_UNSUPPORTED_MEDIA_TYPE

from gateway.body_room import BodyRoom
from gateway.errors import RestError
from gateway.transcoding.input_errors import InvalidRequestError
from gateway.transcoding.json_text import parse_json
from mesh.errors import deadline_exceeded

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyReader:
    """Reads the bodies of requests of one kind. `asked_s` is what the client gives its whole request."""

    def __init__(self, room: BodyRoom, *, max_bytes: int, timeout_s: float) -> None:
        self._room, self._max_bytes, self._timeout_s = room, max_bytes, timeout_s

    async def read_json(self, request: web.BaseRequest, asked_s: float) -> Any:
        """The body as plain values. Raises ServiceError."""
        accepted = (JSON, MERGE_PATCH) if request.method == "PATCH" else (JSON,)
        body = await self.read_file(request, accepted, asked_s)
        if not body:
            raise InvalidRequestError("a JSON body is needed")
        return parse_json(body)

    async def read_file(self, request: web.BaseRequest, accepted: Sequence[str], asked_s: float) -> bytes:
        """The body as it is, of one of the media types. Raises ServiceError."""
        _check_media_type(request, accepted)
        if (request.content_length or 0) > self._max_bytes:
            raise self._too_large()
        return await _in_time(self._read(request), self._timeout_s, asked_s)

    async def _read(self, request: web.BaseRequest) -> bytes:
        await _invite(request)
        body = bytearray()
        with self._room.body() as grow:
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > self._max_bytes:
                    raise self._too_large()
                grow(len(body))
            return bytes(body)

    def _too_large(self) -> RestError:
        return RestError(REASON_BODY_TOO_LARGE, f"the body must have at most {self._max_bytes} bytes")


async def refuse_body(request: web.BaseRequest, *, timeout_s: float, asked_s: float = math.inf) -> None:
    """Raise InvalidRequestError where a body was sent to a method that takes none."""
    if request.can_read_body and (request.content_length or await _in_time(request.content.readany(), timeout_s, asked_s)):
        raise InvalidRequestError(f"{request.method} takes no body here")


def _check_media_type(request: web.BaseRequest, accepted: Sequence[str]) -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RestError(REASON_UNSUPPORTED_MEDIA_TYPE, "the body must not be compressed")
    if request.content_type not in accepted or (request.charset or "utf-8").lower() != "utf-8":
        raise RestError(REASON_UNSUPPORTED_MEDIA_TYPE, f"the body must be {' or '.join(accepted)} in UTF-8")


async def _in_time(reading: Awaitable[bytes], timeout_s: float, asked_s: float) -> bytes:
    try:
        async with asyncio.timeout(min(timeout_s, asked_s)):
            return await reading
    except TimeoutError:
        # The shorter one is over: the client's own, or what every body has.
        if asked_s < timeout_s:
            raise deadline_exceeded() from None
        raise InvalidRequestError(f"the body did not arrive within {timeout_s:g} seconds") from None
    except RequestPayloadError:
        raise InvalidRequestError("the body breaks off or is not framed as HTTP wants it") from None


async def _invite(request: web.BaseRequest) -> None:
    """Tell a client that waits for it to send the body: nothing speaks against the request any more."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(_CONTINUE)
        # Only the answer itself counts as output.
        request.writer.output_size = 0
