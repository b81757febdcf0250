"""For each binding: what is wrong with a request is refused, with the status and the place that REST has for it."""

import asyncio

import pytest

from gateway.bindings import Binding
from tests.e2e.matrix.contract import BINDINGS, row
from tests.e2e.matrix.edges import Answer, Edges
from tests.e2e.matrix.people import People
from tests.e2e.matrix.things import Things
from tests.e2e.matrix.valid import valid
from tests.e2e.matrix.wrong import Wrong, wrong_requests


@pytest.mark.parametrize("binding", BINDINGS, ids=row)
async def test_what_is_wrong_is_refused_and_named(binding: Binding, edges: Edges, people: People, adas_things: Things) -> None:
    cases = list(wrong_requests(binding, await valid(binding.method.input_type, adas_things)))

    answers = await asyncio.gather(*(edges.send(case.request, people.ada.token) for case in cases))

    assert [text for case, answer in zip(cases, answers, strict=True) for text in differences(case, answer)] == []


def differences(case: Wrong, answer: Answer) -> list[str]:
    """What about the answer is not as it should be."""
    if (answer.status, answer.code) != (case.status, case.code):
        return [f"{case.name}: {answer.status} {answer.content[:300]!r}, not {case.status} {case.code}"]
    found = []
    if case.places and case.places != answer.places.keys():
        found.append(f"{case.name}: {answer.places}, not {set(case.places)}")
    if case.allow and case.allow != set(answer.headers["Allow"].split(", ")):
        found.append(f"{case.name}: {answer.headers['Allow']}, not {set(case.allow)}")
    return found
