"""What of an answer is sent: nothing when the client has it already, gzip when it is large and the client takes it."""

import asyncio
import gzip
import re

from aiohttp import web

from gateway.etags import is_known

# Below this, what is saved is not worth the work. It is also more than an answer with a token has: those stay uncompressed,
# so that their length tells nothing of the token.
SMALLEST_BYTES = 4096
# Compressing more than this would hold up other requests.
LARGEST_INLINE_BYTES = 64 * 1024
LEVEL = 1
COMPRESSIBLE = re.compile(r"text/(html|css|javascript)|application/(json|problem\+json)")
# What a client takes over into what it has. Without its own policy, a page that is there already would get that of JSON.
KEPT = ("ETag", "Vary", "Cache-Control", "Content-Security-Policy")
_CODING = re.compile(r"\s*(gzip|x-gzip|\*)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")


async def represented(request: web.BaseRequest, response: web.StreamResponse) -> web.StreamResponse:
    """The answer as this client gets it. Streams are left as they are. Raises InvalidRequestError for a malformed header."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    headers, zips = response.headers, False
    if len(response.body) >= SMALLEST_BYTES and COMPRESSIBLE.fullmatch(response.content_type):
        headers.add("Vary", "Accept-Encoding")
        zips = takes_gzip(request.headers.get("Accept-Encoding", ""))
    if zips and "ETag" in headers:
        # The same version in other bytes.
        headers["ETag"] = "W/" + headers["ETag"].removeprefix("W/")
    if request.method in ("GET", "HEAD") and "ETag" in headers and is_known(request, headers["ETag"]):
        kept = [(name, value) for name, value in headers.items() if name in KEPT]
        return web.Response(status=304, headers=kept)
    if zips:
        response.body = await _zipped(response.body)
        headers["Content-Encoding"] = "gzip"
    return response


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header admits gzip, by name or by `*`."""
    codings = [_CODING.fullmatch(each) for each in accept_encoding.lower().split(",")]
    weights = {coding[1].removeprefix("x-"): float(coding[2] or 1) for coding in codings if coding}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


async def _zipped(body: bytes) -> bytes:
    if len(body) <= LARGEST_INLINE_BYTES:
        return gzip.compress(body, LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
