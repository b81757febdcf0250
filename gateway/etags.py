"""Entity tags in requests. Ours name a version of a resource, not the bytes of an answer, so strong and weak are one."""

import re

from aiohttp import web

from gateway.transcoding.input_errors import InvalidRequestError, wrong_fields

IF_MATCH = "If-Match"
# RFC 9110, without the characters that no etag of ours holds.
OPAQUE = r"[\x21\x23-\x2b\x2d-\x7e]+"
_TAG = re.compile(rf'(?:W/)?("?)({OPAQUE})\1')


def if_match(request: web.BaseRequest) -> str | None:
    """The etag that the client wants to find, or None for any. Raises InvalidRequestError."""
    headers = request.headers.getall(IF_MATCH, ["*"])
    if headers == ["*"]:
        return None
    match = _TAG.fullmatch(headers[0].strip())
    if match is None or len(headers) > 1:
        raise _wrong(IF_MATCH, "must be one entity tag")
    return match[2]


def refuse_if_match(request: web.BaseRequest) -> None:
    """For what would be done whatever the etag is. Raises InvalidRequestError: the client relies on what nobody looks at."""
    if if_match(request) is not None:
        raise _wrong(IF_MATCH, "is not known here; only * may be sent")


def is_known(request: web.BaseRequest, tag: str) -> bool:
    """Whether `If-None-Match` names this entity tag: the client has what would be answered."""
    header = ",".join(request.headers.getall("If-None-Match", []))
    if header.strip() in ("", "*"):
        return bool(header)
    matches = [_TAG.fullmatch(each.strip()) for each in header.split(",")]
    if None in matches:
        raise _wrong("If-None-Match", "must be entity tags separated by commas, or *")
    return _TAG.sub(r"\2", tag) in {match[2] for match in matches if match}


def _wrong(header: str, message: str) -> InvalidRequestError:
    return wrong_fields([{"parameter": header, "message": message}])
