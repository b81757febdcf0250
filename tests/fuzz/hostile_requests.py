"""Strategies for requests that are wrong in every way but their framing."""

import string
from collections.abc import Sequence
from urllib.parse import quote, quote_from_bytes

import orjson
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.bindings import Binding, build_bindings
from gateway.contract import load_contract
from gateway.transcoding.requests import RequestReader
from tests.fuzz import odd
from tests.fuzz.wire import Request

BINDINGS = build_bindings(load_contract().services)
SEGMENTS = sorted({segment for binding in BINDINGS for segment in binding.template.text.split("/")})
PARAMETERS = sorted({parameter.name for binding in BINDINGS for parameter in RequestReader(binding).query})
FIELDS = sorted(
    {field.json_name for binding in BINDINGS for field in (*binding.method.input_type.fields, *binding.resource.fields)}
)
BODILESS = ("GET", "HEAD", "DELETE")
RIGHT = [
    b"{}",
    b'{"title":"Ship it"}',
    b'{"body":"Done"}',
    b'{"operations":[{"create":{"title":"Ship it"}}]}',
    b'{"ownActions":true}',
]

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def requests(token: str, ids: Sequence[str]) -> SearchStrategy[Request]:
    """Some are odd throughout, most in one part; `token` and `ids` are of somebody, and of what they have."""
    signed_in = st.just([("Authorization", f"Bearer {token}"), ("Content-Type", "application/json")])
    right = st.just(""), signed_in, st.sampled_from(RIGHT)
    wrong = _queries(ids), _headers(signed_in), st.none() | _bodies(ids)
    parts = [st.tuples(*wrong), *(st.tuples(*right[:place], wrong[place], *right[place + 1 :]) for place in range(3))]
    bound, methods = _bound(ids), st.sampled_from(odd.METHODS)
    whats = bound | bound | st.tuples(methods, bound.map(lambda each: each[1])) | st.tuples(methods, _paths(ids))
    return st.builds(_request, whats, st.one_of(*parts))


def _request(method_and_path: tuple[str, str], parts: tuple[str, list[tuple[str, str]], bytes | None]) -> Request:
    (method, path), (query, headers, body) = method_and_path, parts
    return Request(method, path + query, headers, None if method in BODILESS and body in RIGHT else body)


def _segments(ids: Sequence[str]) -> SearchStrategy[str]:
    odd_ones = st.sampled_from(odd.SEGMENTS) | _texts.map(quote) | st.binary(max_size=8).map(quote_from_bytes)
    return st.sampled_from([*ids, *SEGMENTS]) | odd_ones


def _paths(ids: Sequence[str]) -> SearchStrategy[str]:
    return st.lists(_segments(ids), max_size=7).map(lambda segments: "/" + "/".join(segments))


def _bound(ids: Sequence[str]) -> SearchStrategy[tuple[str, str]]:
    """Method and path of a binding, with values for its variables that are right or odd."""

    def fill(binding: Binding, values: list[str]) -> tuple[str, str]:
        segments = [values.pop() if segment.startswith("{") else segment for segment in binding.template.text.split("/")]
        return binding.verb, "/".join(segments)

    values = st.sampled_from(ids) | st.sampled_from(ids) | _segments(ids).filter(lambda each: "{" not in each)
    return st.builds(fill, st.sampled_from(BINDINGS), st.lists(values, min_size=2, max_size=2))


def _queries(ids: Sequence[str]) -> SearchStrategy[str]:
    values = st.sampled_from([*ids, *map(quote, odd.VALUES), *odd.SEGMENTS]) | _texts.map(quote)
    pair = st.builds("{}={}".format, st.sampled_from(PARAMETERS) | values, values)
    return st.just("") | st.lists(pair | values, min_size=1, max_size=4).map(lambda pairs: "?" + "&".join(pairs))


def _headers(signed_in: SearchStrategy[list[tuple[str, str]]]) -> SearchStrategy[list[tuple[str, str]]]:
    names = st.sampled_from(odd.HEADERS) | st.text(string.ascii_letters + "-_!~", min_size=1, max_size=12)
    # A line may hold anything but its end and NUL.
    texts = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=12)
    values = st.sampled_from(odd.VALUES) | texts
    others = st.lists(st.tuples(names, values), max_size=4)
    return st.builds(lambda known, others: [*known, *others], signed_in | signed_in | st.just([]), others)


def _bodies(ids: Sequence[str]) -> SearchStrategy[bytes]:
    scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    leaves = scalars | _texts | st.sampled_from([*ids, "todo", "done", "high", "2030-01-31T12:00:00Z", "3600s"])
    keys = st.sampled_from(FIELDS) | _texts
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
    )
    whole = st.dictionaries(keys, values, max_size=5).map(orjson.dumps)
    torn = st.builds(lambda body, cut: body[:cut], whole, st.integers(0, 40))
    return whole | torn | st.sampled_from(odd.BODIES) | st.binary(max_size=40)
