"""What can be wrong with a REST request whatever the method is about, in the forms that only REST has."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.descriptor import FieldDescriptor

from gateway.bindings import Binding
from gateway.transcoding.requests import ETAG, query_fields
from tests.e2e.matrix.contract import BINDINGS
from tests.e2e.matrix.places import Place
from tests.e2e.matrix.rest_form import RestRequest, rest_form
from tests.e2e.matrix.things import kind_of
from tests.e2e.matrix.walking import with_value

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_IDS = ("0" * 24, "not-an-id", "0" * 23, "0" * 25, "g" * 24, "\0", "é" * 24, "../../users/profile", "x" * 2000, "{id}", "*")


@dataclass(frozen=True)
class Wrong:
    """A request, and how it has to be refused; `allow` is what the header `Allow` has to name."""

    name: str
    request: RestRequest
    status: int
    code: str
    places: frozenset[Place] = frozenset()
    allow: frozenset[str] = frozenset()


def wrong_requests(binding: Binding, message: Any) -> Iterator[Wrong]:
    """`message` is a request of the binding with nothing wrong."""
    request = rest_form(binding, message)
    yield from _wrong_verbs(binding, request)
    yield from _wrong_ids(binding, message)
    yield Wrong("a slash at the end", _with(request, path=f"{request.path}/"), 404, "route_not_found")
    yield from _wrong_queries(binding, request)
    if not binding.only_reads:
        takes_etag = ETAG in binding.method.input_type.fields_by_name
        headers = {**request.headers, "If-Match": '"1' if takes_etag else '"1"'}
        yield _invalid("a wrong If-Match", _with(request, headers=headers), ("parameter", "If-Match"))
    if not binding.body:
        body = _with(request, content=b'{"x": 1}', headers={**request.headers, "Content-Type": "application/json"})
        yield _invalid("a body where none belongs", body)
        return
    yield from _wrong_contents(binding, request)
    if not binding.takes_file:
        yield from _wrong_json(binding, request)


def _with(request: RestRequest, **changes: Any) -> RestRequest:
    return dataclasses.replace(request, **changes)


def _invalid(name: str, request: RestRequest, *places: Place) -> Wrong:
    return Wrong(name, request, 400, "invalid_argument", frozenset(places))


def _wrong_verbs(binding: Binding, request: RestRequest) -> Iterator[Wrong]:
    allowed = {each.verb for each in BINDINGS if _leads(each, request.path)}
    allow = allowed | {"OPTIONS"} | ({"HEAD"} if "GET" in allowed else set())
    for verb in set(VERBS) - allowed:
        yield Wrong(f"{verb} here", RestRequest(verb, request.path), 405, "method_not_allowed", allow=frozenset(allow))


def _leads(binding: Binding, path: str) -> bool:
    wanted, segments = binding.template.text.split("/"), path.split("/")
    pairs = zip(wanted, segments, strict=False)
    return len(wanted) == len(segments) and all(part == segment or part.startswith("{") for part, segment in pairs)


def _wrong_ids(binding: Binding, message: Any) -> Iterator[Wrong]:
    for variable in binding.template.variables:
        field = binding.method.input_type.fields_by_name[variable]
        code = f"{kind_of(field).lower()}_not_found"
        for no_id in NO_IDS:
            elsewhere = with_value(message, (), field, no_id)
            yield Wrong(f"the {variable} {no_id[:30]!r}", rest_form(binding, elsewhere), 404, code)


def _wrong_queries(binding: Binding, request: RestRequest) -> Iterator[Wrong]:
    def asked(*parameters: tuple[str, str]) -> RestRequest:
        return _with(request, query=parameters)

    yield _invalid("an unknown parameter", asked(("nonsense", "1")), ("parameter", "nonsense"))
    for field in query_fields(binding):
        place = ("parameter", field.json_name)
        if not field.is_repeated:
            twice = [(field.json_name, _right_text(field))] * 2
            yield _invalid(f"{field.json_name} twice", asked(*twice), place)
            yield _invalid(f"{field.json_name} in both spellings", asked(twice[0], (field.name, twice[0][1])), place)
        if field.type != FieldDescriptor.TYPE_STRING:
            yield _invalid(f"{field.json_name} of a wrong type", asked((field.json_name, "nonsense")), place)


def _right_text(field: FieldDescriptor) -> str:
    """What the parameter could be."""
    if field.message_type is not None:
        return "2030-01-31T12:00:00Z"
    if field.enum_type is not None:
        return field.enum_type.values[1].name
    return {FieldDescriptor.TYPE_BOOL: "true", FieldDescriptor.TYPE_STRING: "x"}.get(field.type, "1")


def _wrong_contents(binding: Binding, request: RestRequest) -> Iterator[Wrong]:
    for name in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "text/json"):
        headers = {**request.headers, "Content-Type": name}
        yield Wrong(f"a body of {name}", _with(request, headers=headers), 415, "unsupported_media_type")
    packed = {**request.headers, "Content-Encoding": "gzip"}
    yield Wrong("a compressed body", _with(request, headers=packed), 415, "unsupported_media_type")
    large = _with(request, content=b" " * (binding.max_body_bytes + 1))
    yield Wrong("a body one byte too long", large, 413, "body_too_large")


def _wrong_json(binding: Binding, request: RestRequest) -> Iterator[Wrong]:
    for content in (
        b"{",
        b'{"a":}',
        b"nul",
        b"\xff",
        b"{}{}",
        b"NaN",
        b"\xef\xbb\xbf{}",
        b"[" * 2000,
        b'{"a":' * 1100 + b"1" + b"}" * 1100,
    ):
        yield _invalid(f"the body {content[:10]!r}", _with(request, content=content))
    for content in (b"[]", b"7", b'"{}"', b"null", b"true"):
        yield _invalid(f"the body {content!r}", _with(request, content=content), ("pointer", ""))
    if not binding.body_is_optional:
        yield _invalid("no body", _with(request, content=b""))
    last = b'{"nonsense": 1'.ljust(binding.max_body_bytes - 1) + b"}"
    yield _invalid("a body as long as it may be", _with(request, content=last), ("pointer", "/nonsense"))
    for name, body, pointer in _spoilt(request.json, ""):
        yield _invalid(name, _with(request, content=orjson.dumps(body)), ("pointer", pointer))
    for key, value in request.json.items():
        pair = orjson.dumps({key: value})[1:-1]
        yield _invalid(f"{key} twice", _with(request, content=b"{%b,%b}" % (pair, pair)), ("pointer", f"/{key}"))


def _spoilt(value: Any, pointer: str) -> Iterator[tuple[str, Any, str]]:
    """The JSON with an unknown field in each object, and with each value of another type: name, JSON, where it is wrong."""
    if isinstance(value, dict):
        yield f"an unknown field at {pointer or 'the top'}", {**value, "nonsense": 1}, f"{pointer}/nonsense"
    if pointer:
        yield f"a wrong type at {pointer}", 7 if isinstance(value, dict | list) else {}, pointer
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        for name, spoilt, where in _spoilt(item, f"{pointer}/{key}"):
            if isinstance(value, dict):
                yield name, {**value, key: spoilt}, where
            else:
                yield name, [*value[:key], spoilt, *value[key + 1 :]], where
