"""Who is let in: at each edge nobody by a token that is forged or sent in another way, by no method against its contract."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import grpc
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.protobuf.descriptor import MethodDescriptor
from multidict import CIMultiDict
from unified.api.v1 import options_pb2
from unified.error.v1.reason_pb2 import REASON_UNAUTHENTICATED

from gateway.bindings import Binding
from tests.callers import Metadata, bearer
from tests.e2e.matrix.contract import BINDINGS, UNBOUND, row
from tests.e2e.matrix.edges import Edges
from tests.e2e.matrix.forged import BELIEVED, FORGED
from tests.e2e.matrix.forger import Forger
from tests.e2e.matrix.people import People
from tests.e2e.matrix.rest_form import RestRequest, rest_form
from tests.e2e.matrix.things import Things
from tests.e2e.matrix.valid import valid
from tests.platform import Platform
from tests.refusals import refused

PATH = "/api/users/profile"
# A method of each process that needs nothing but a caller.
DOORS = {
    binding.method.containing_service.file.package: binding
    for binding in reversed(BINDINGS)
    if binding.needs_caller and binding.only_reads and not binding.template.variables and not binding.is_stream
}
Sent = Callable[[str, str], Sequence[tuple[str, str]]]
# Of a right token and a forged one. Over gRPC these are metadata.
NO_WAYS: Mapping[str, Sent] = {
    "nothing": lambda _right, _forged: [],
    "another scheme": lambda right, _: [("authorization", f"Basic {right}")],
    "no scheme": lambda right, _: [("authorization", right)],
    "a scheme alone": lambda _right, _forged: [("authorization", "Bearer")],
    "a scheme that begins alike": lambda right, _: [("authorization", f"Bearertoken {right}")],
    "the scheme twice": lambda right, _: [("authorization", f"Bearer Bearer {right}")],
    "a right one twice": lambda right, _: [("authorization", f"Bearer {right}")] * 2,
    "a right one before a forged one": lambda right, forged: [("authorization", f"Bearer {each}") for each in (right, forged)],
    "a forged one before a right one": lambda right, forged: [("authorization", f"Bearer {each}") for each in (forged, right)],
    "another header": lambda right, _: [("x-authorization", f"Bearer {right}"), ("x-access-token", right), ("token", right)],
    "a cookie": lambda right, _: [("cookie", f"token={right}; access_token={right}; authorization=Bearer {right}")],
    "names of the caller": lambda _right, _forged: [("x-user-id", "0" * 24), ("x-forwarded-user", "ada"), ("user-id", "0" * 24)],
}


@pytest.fixture(scope="module")
def forger(shared_platform: Platform, people: People) -> Forger:
    keys = Path(shared_platform.directory, "keys")
    key = load_pem_private_key(keys.joinpath("jwt.pem").read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    (jwk,) = orjson.loads(keys.joinpath("jwks.json").read_bytes())["keys"]
    return Forger(people.ada.user["id"], key, jwk, Ed25519PrivateKey.generate())


async def over_all_edges(edges: Edges, headers: Metadata, query: Sequence[tuple[str, str]] = ()) -> list[str]:
    """What each edge says to a request with these headers; nothing when it answers it."""
    answer = await edges.send(RestRequest("GET", PATH, query), headers=CIMultiDict(headers))
    if answer.status == 401:
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="unified"')
    outcomes = [await edges.over_grpc(binding, binding.request_class(), None, *headers) for binding in DOORS.values()]
    return ["" if answer.status == 200 else answer.code.upper(), *(outcome.reason for outcome in outcomes)]


@pytest.mark.parametrize("name", FORGED)
async def test_nobody_is_let_in_by_a_forged_token(name: str, edges: Edges, forger: Forger) -> None:
    assert await over_all_edges(edges, bearer(FORGED[name](forger))) == ["UNAUTHENTICATED"] * 4


@pytest.mark.parametrize("name", BELIEVED)
async def test_a_token_is_believed_if_nothing_is_wrong_with_it(name: str, edges: Edges, forger: Forger) -> None:
    token = BELIEVED[name](forger)

    for scheme in ("Bearer", "bearer", "BEARER "):
        assert await over_all_edges(edges, (("authorization", f"{scheme} {token}"),)) == [""] * 4


@pytest.mark.parametrize("name", NO_WAYS)
async def test_a_token_is_sent_once_and_as_a_bearer(name: str, edges: Edges, forger: Forger) -> None:
    headers = tuple(NO_WAYS[name](forger.token(), forger.by_own_key({})))

    assert await over_all_edges(edges, headers) == ["UNAUTHENTICATED"] * 4


async def test_a_token_in_a_url_is_none(edges: Edges, forger: Forger) -> None:
    for name in ("token", "access_token", "accessToken", "authorization", "jwt"):
        answer = await edges.send(RestRequest("GET", PATH, [(name, forger.token())]))
        assert (answer.status, answer.code) == (401, "unauthenticated"), name
        assert "error" not in answer.headers["WWW-Authenticate"], name


async def test_a_token_longer_than_any_header_is_refused_before_it_is_read(edges: Edges, forger: Forger) -> None:
    headers = bearer(forger.token(claims={"name": "x" * 100_000}))

    answer = await edges.send(RestRequest("GET", PATH), headers=dict(headers))
    assert (answer.status, answer.code) == (400, "invalid_argument")
    for binding in DOORS.values():
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await edges.call(binding.method, binding.request_class(), headers)
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("binding", BINDINGS, ids=row)
async def test_each_method_lets_in_whom_its_contract_does(
    binding: Binding, edges: Edges, forger: Forger, adas_things: Things
) -> None:
    message = await valid(binding.method.input_type, adas_things)
    expired = forger.token(claims={"exp": time.time() - 2})

    for token in (None, expired, forger.by_own_key({}), forger.token({"alg": "none"}, sign=lambda _: b"")):
        rest = await edges.send(rest_form(binding, message), token)
        grpc = await edges.over_grpc(binding, message, token)
        if not binding.needs_caller:
            assert (rest.status, grpc.reason) != (401, "UNAUTHENTICATED")
            continue
        assert (rest.status, rest.code, grpc.reason) == (401, "unauthenticated", "UNAUTHENTICATED"), token
        assert ('error="invalid_token"' in rest.headers["WWW-Authenticate"]) == bool(token), token


@pytest.mark.parametrize("method", UNBOUND, ids=lambda method: method.full_name)
async def test_what_the_platform_keeps_to_itself_is_nowhere_in_rest(
    method: MethodDescriptor, edges: Edges, forger: Forger, adas_things: Things
) -> None:
    service, message = method.containing_service, await valid(method.input_type, adas_things)
    bodies = {"application/json": b"{}", "application/grpc": bytes(5), "application/grpc-web+proto": bytes(5)}
    for path in (f"/{service.full_name}/{method.name}", f"/api/{service.full_name}/{method.name}", f"/{method.full_name}"):
        for content_type, content in bodies.items():
            request = RestRequest("POST", path, headers={"Content-Type": content_type}, content=content)
            assert (await edges.send(request, forger.token())).code == "route_not_found", request
    assert method.name not in (await edges.send(RestRequest("GET", "/openapi.json"))).content.decode()

    await edges.call(method, message, bearer(forger.token()))
    if method.GetOptions().Extensions[options_pb2.access] == options_pb2.ACCESS_DELEGATED:
        for token in ("", forger.by_own_key({})):
            with refused(REASON_UNAUTHENTICATED):
                await edges.call(method, message, bearer(token) if token else ())


def test_the_matrix_knows_every_kind_of_access() -> None:
    """A new one needs its rows here: whom it lets in, and whom not."""
    known = {"ACCESS_UNSPECIFIED", "ACCESS_ANONYMOUS", "ACCESS_USER", "ACCESS_INTERNAL", "ACCESS_DELEGATED"}

    assert set(options_pb2.Access.keys()) == known
