"""For each binding: REST and gRPC answer the same call alike, and refuse it alike: for the same reason, at the same place, in the
same words."""

import re
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import MethodDescriptor
from unified.error.v1.reason_pb2 import REASON_INVALID_ARGUMENT

from gateway.bindings import Binding
from gateway.transcoding.requests import PAGE_TOKEN
from mesh.metadata import IDEMPOTENCY_KEY
from tests.callers import bearer
from tests.e2e.matrix.broken import MISSING, UNKNOWN_VALUE, Broken, another, broken
from tests.e2e.matrix.contract import BINDINGS, UNBOUND, row
from tests.e2e.matrix.edges import Edges, Outcome
from tests.e2e.matrix.people import People
from tests.e2e.matrix.places import is_hidden, place
from tests.e2e.matrix.things import Things
from tests.e2e.matrix.valid import valid
from tests.refusals import refused

READS = [binding for binding in BINDINGS if binding.only_reads]
WRITES = [binding for binding in BINDINGS if not binding.only_reads]
KEYED = [binding for binding in BINDINGS if binding.accepts_idempotency_key]
VERSIONED = [binding for binding in BINDINGS if "etag" in binding.method.input_type.fields_by_name]
# What each call makes anew: ids, times, tokens, and the address of an account.
_NEW = re.compile(rb'"(?:[0-9a-f]{24}|[0-9-]{10}T[0-9:.]+Z|[\w-]+\.[\w-]+\.[\w-]+|[a-z]+\.[0-9a-f]{12}@example\.com)"')


@pytest.fixture(scope="module")
async def quiet_things(people: People) -> Things:
    """Of somebody about whom no more news comes."""
    person = await people.visitor.sign_up("Ann")
    things = Things(person, people.bob)
    for binding in READS:
        await valid(binding.method.input_type, things)
    await person.is_notified(2)
    return things


@pytest.mark.parametrize("binding", READS, ids=row)
async def test_what_is_read_is_the_same(binding: Binding, edges: Edges, quiet_things: Things) -> None:
    message = await valid(binding.method.input_type, quiet_things)
    token = quiet_things.person.token

    grpc = await edges.over_grpc(binding, message, token)
    rest = await edges.over_rest(binding, message, token, events=len(grpc.answer or ()))

    assert rest == grpc
    assert says_something(grpc)


@pytest.mark.parametrize("binding", WRITES, ids=row)
async def test_what_is_written_is_the_same_but_for_what_each_makes(binding: Binding, edges: Edges, people: People) -> None:
    outcomes = []
    for edge in (edges.over_rest, edges.over_grpc):
        things = Things(await people.visitor.sign_up("Ann"), people.bob)
        outcomes.append(await edge(binding, await valid(binding.method.input_type, things), things.person.token))

    rest, grpc = outcomes
    assert (masked(rest.answer), rest.reason, rest.places) == (masked(grpc.answer), grpc.reason, grpc.places)
    assert not rest.reason


@pytest.mark.parametrize("binding", KEYED, ids=row)
async def test_one_idempotency_key_is_for_both(binding: Binding, edges: Edges, people: People) -> None:
    """It tells whether the request itself is the same, byte for byte."""
    message = await valid(binding.method.input_type, Things(people.ada, people.bob))
    token, key, no_key = people.ada.token, f"{row(binding)}".replace(" ", "-"), "with a blank"

    rest = await edges.over_rest(binding, message, token, headers={IDEMPOTENCY_KEY: key})
    grpc = await edges.over_grpc(binding, message, token, (IDEMPOTENCY_KEY, key))

    assert (rest.reason, rest) == ("", grpc)
    for sent, under, reason in ((another(message), key, "IDEMPOTENCY_KEY_REUSED"), (message, no_key, "INVALID_ARGUMENT")):
        rest = await edges.over_rest(binding, sent, token, headers={IDEMPOTENCY_KEY: under})
        grpc = await edges.over_grpc(binding, sent, token, (IDEMPOTENCY_KEY, under))
        assert (rest.reason, rest) == (reason, grpc)


@pytest.mark.parametrize("binding", VERSIONED, ids=row)
async def test_another_etag_is_refused_alike(binding: Binding, edges: Edges, adas_things: Things) -> None:
    message: Any = await valid(binding.method.input_type, adas_things)
    message.etag = "999"

    rest = await edges.over_rest(binding, message, adas_things.person.token)

    assert (rest.reason, rest) == ("ETAG_MISMATCH", await edges.over_grpc(binding, message, adas_things.person.token))


@pytest.mark.parametrize("binding", BINDINGS, ids=row)
async def test_what_breaks_a_rule_is_refused_alike(binding: Binding, edges: Edges, adas_things: Things) -> None:
    token, wrong = adas_things.person.token, []
    for case in broken(await valid(binding.method.input_type, adas_things)):
        grpc = await edges.over_grpc(binding, case.message, token)
        rest = await edges.over_rest(binding, case.message, token) if exists_in_rest(case, binding) else grpc
        expected = "INVALID_ARGUMENT", [place(binding, case.field)]
        are_alike = rest == grpc or (case.how == UNKNOWN_VALUE and rest.reason == grpc.reason)
        if not are_alike or any((each.reason, list(each.places)) != expected for each in (grpc, rest)):
            wrong.append(f"{case.name}: {expected}, over gRPC {grpc}, over REST {rest}")

    assert wrong == []


@pytest.mark.parametrize("method", UNBOUND, ids=lambda method: method.full_name)
async def test_what_rest_does_not_have_is_held_to_its_rules_all_the_same(
    method: MethodDescriptor, edges: Edges, adas_things: Things
) -> None:
    metadata = bearer(adas_things.person.token)
    message = await valid(method.input_type, adas_things)

    await edges.call(method, message, metadata)
    for case in broken(message):
        with refused(REASON_INVALID_ARGUMENT) as refusal:
            await edges.call(method, case.message, metadata)
        assert (case.name, refusal.fields) == (case.name, [case.field])


def exists_in_rest(case: Broken, binding: Binding) -> bool:
    """An empty variable makes another path, a body that is missing is no body, and one that is too long is not read. The
    page tokens of streams and downloads are between edge and service."""
    if is_hidden(binding, case.field):
        return False
    if case.field in binding.template.variables:
        return case.how != MISSING
    if case.field == PAGE_TOKEN:
        return not (binding.is_stream or binding.is_download)
    return case.field != binding.body or (binding.takes_file and case.how == MISSING)


def says_something(outcome: Outcome) -> bool:
    """Whether there is anything in each list of an answer, so that comparing it shows something."""
    lists = [value for value in outcome.answer.values() if isinstance(value, list)] if isinstance(outcome.answer, dict) else []
    return bool(outcome.answer) and all(lists)


def masked(answer: Any) -> bytes:
    return _NEW.sub(b'"new"', orjson.dumps(answer, option=orjson.OPT_SORT_KEYS))
