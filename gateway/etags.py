"""Entity tags in requests. Ours name a version of a resource, not the bytes of an answer, so strong and weak are one."""

import re

from aiohttp import web

from gateway.transcoding.input_errors import InvalidRequestError, wrong_fields

# RFC 9110, without the characters that no etag of ours holds.
OPAQUE = r"[\x21\x23-\x2b\x2d-\x7e]+"
_TAG = re.compile(rf'(?:W/)?"?({OPAQUE})"?')


def if_match(request: web.BaseRequest) -> str | None:
    """The etag that the client wants to find, or None for any."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    match = _TAG.fullmatch(header)
    if match is None:
        raise _wrong("If-Match", "must be one entity tag")
    return match[1]


def is_known(request: web.BaseRequest, tag: str) -> bool:
    """Whether `If-None-Match` names this entity tag: the client has what would be answered."""
    header = ",".join(request.headers.getall("If-None-Match", []))
    if header.strip() in ("", "*"):
        return bool(header)
    matches = [_TAG.fullmatch(each.strip()) for each in header.split(",")]
    if None in matches:
        raise _wrong("If-None-Match", "must be entity tags separated by commas, or *")
    return _TAG.sub(r"\1", tag) in {match[1] for match in matches if match}


def _wrong(header: str, message: str) -> InvalidRequestError:
    return wrong_fields([{"parameter": header, "message": message}])
