"""The fuzzer finds what is wrong: a failure of one method among requests of all kinds."""

import asyncio

from tests.fuzz.hostile import attack
from tests.fuzz.operations import ELSEWHERE
from tests.fuzz.result import Result
from tests.integration.gateway.edge import USER_ID, Edge, access_token
from tests.integration.gateway.services import ScriptedServices, raising


async def test_a_method_that_fails_is_found(edge: Edge, services: ScriptedServices) -> None:
    services.behaviours["GetTask"] = raising(RuntimeError("a bug"))
    result = Result(1)

    await asyncio.to_thread(attack, edge.url, access_token(), [USER_ID], result, 1, 300)

    # The answers of other methods, empty as they are here, are not as the document says either.
    found = {each.operation: each for each in result.findings if each.what == "answers 500"}
    finding = found.pop("GET /api/tasks/{id}")
    assert f"{edge.url}/api/tasks/" in finding.reproduce
    assert result.times(finding) > 0
    # HEAD is no operation of the document.
    assert set(found) <= {ELSEWHERE}
