"""Whatever is sent, the contracts' bindings make a message of it that a call can carry, or say what is wrong with it."""

from collections import Counter

import orjson
from hypothesis import given, settings

from gateway.bindings import Binding
from gateway.errors import RestError
from gateway.problems import problem_document
from gateway.routing import Router
from gateway.transcoding.json_text import parse_json
from gateway.transcoding.requests import RequestReader
from tests.fuzz.hostile_requests import BINDINGS, requests
from tests.fuzz.wire import Request

ROUTER = Router[tuple[Binding, RequestReader]]()
for each in BINDINGS:
    ROUTER.add(each.verb, each.template, (each, RequestReader(each)))


def status_of(request: Request) -> int:
    """What the edge would answer as far as it has read."""
    path, _, query = request.target.partition("?")
    try:
        (binding, reader), values = ROUTER.match(request.method, path)
        content = (request.body or b"") if binding.takes_file else parse_json(request.body or b"{}")
        reader.read(values, query, content, None).SerializeToString()
    except RestError as error:
        # The answer tells of what was sent.
        orjson.dumps(problem_document(error))
        return error.info.http_status
    return 200


def test_any_request_is_read_or_refused() -> None:
    statuses = Counter[int]()

    @settings(max_examples=250, database=None, derandomize=True)
    @given(requests("token", ["665f1f77bcf86cd799439021"]))
    def read(request: Request) -> None:
        statuses[status_of(request)] += 1

    read()
    assert all(statuses[status] > 5 for status in (200, 400, 404, 405)), statuses
