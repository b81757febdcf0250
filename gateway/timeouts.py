"""How long a request may take: as long as the edge allows, or less when its client says so."""

import math
import re

from aiohttp import web

from gateway.transcoding.input_errors import wrong_fields

HEADER = "X-Request-Timeout"
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


def asked_timeout_s(request: web.BaseRequest) -> float:
    """What the client asks for: infinite when it does not. Raises InvalidRequestError."""
    sent = request.headers.getall(HEADER, [])
    if not sent:
        return math.inf
    if len(sent) > 1 or not _SECONDS.fullmatch(sent[0]) or not float(sent[0]):
        raise wrong_fields([{"parameter": HEADER, "message": 'must be sent once, with seconds above zero, as in "2.5"'}])
    return float(sent[0])
