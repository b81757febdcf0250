"""A little of what `make fuzz` does at length: whatever is asked, the answer is one that the document knows, and never a 5xx."""

import asyncio

import pytest

from tests.e2e.rest import visiting
from tests.fuzz import documented, hostile, people
from tests.fuzz.report import as_text
from tests.fuzz.result import Result
from tests.platform import Platform

SEED = 1


def assert_flawless(result: Result) -> None:
    assert not result.findings, as_text(result)


@pytest.mark.timeout(300)
async def test_every_operation_keeps_to_the_document(shared_platform: Platform) -> None:
    url, result = shared_platform.base_url, Result(SEED)
    async with visiting(url) as visitor:
        token = (await visitor.sign_up()).token

    await asyncio.to_thread(documented.explore, url, token, result, SEED, examples=3, of_a_kind=1)

    assert_flawless(result)
    statuses = result.statuses()
    assert len(statuses) > 40
    for operation, counts in statuses.items():
        assert any(200 <= status < 300 for status in counts), (operation, counts)
    assert {400, 401, 404, 405, 409, 412, 415, 422} <= {status for _, status in result.answers}


async def test_no_request_is_too_odd(shared_platform: Platform) -> None:
    url, result = shared_platform.base_url, Result(SEED)
    async with visiting(url) as visitor:
        person = await visitor.sign_up()
        ids = await hostile.belongings(person)

    await asyncio.to_thread(hostile.attack, url, person.token, ids, result, SEED, examples=500)

    assert_flawless(result)
    assert {200, 400, 401, 404} <= {status for _, status in result.answers}


async def test_many_at_once_are_answered_as_one_is(shared_platform: Platform) -> None:
    result = Result(SEED)

    await people.use(shared_platform.base_url, result, SEED, steps=40)

    assert_flawless(result)
    assert {200, 201, 204, 400, 404, 409} <= {status for _, status in result.answers}
