"""What the document says of a header is what the edge takes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.etags import if_match, is_known
from gateway.openapi.parameters import IF_MATCH, IF_NONE_MATCH, TIMEOUT
from gateway.timeouts import asked_timeout_s
from gateway.transcoding.input_errors import InvalidRequestError

TAGS = [
    '"1"',
    "1",
    'W/"1"',
    "W/1",
    "*",
    '"a-b.c~"',
    '""',
    '"',
    "a b",
    '"1',
    '1"',
    'W/"1',
    '"1", "2"',
    '"1" , W/"2"',
    '"1",',
    "\xe4",
    "a,b",
    "",
]
TIMEOUTS = ["2.5", "0.000001", "999999", "007", "0", "00.00", "-1", "1e3", ".5", "5.", "1000000", "1.0000001", " 1", "\u0663"]
READERS: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "If-Match": (IF_MATCH, if_match),
    "If-None-Match": (IF_NONE_MATCH, lambda request: is_known(request, '"3"')),
    "X-Request-Timeout": (TIMEOUT, asked_timeout_s),
}
CASES = (
    [("If-Match", tag) for tag in TAGS] + [("If-None-Match", tag) for tag in TAGS] + [("X-Request-Timeout", t) for t in TIMEOUTS]
)


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_header_that_the_document_admits_is_one_that_the_edge_takes(name: str, value: str) -> None:
    parameter, read = READERS[name]
    try:
        read(make_mocked_request("GET", "/", {name: value}))
        is_taken = True
    except InvalidRequestError:
        is_taken = False

    assert bool(re.search(parameter["schema"]["pattern"], value)) == is_taken
