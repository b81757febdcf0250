"""Requests that no document foresees, on connections that must survive them: odd paths, queries, headers and bodies."""

from collections.abc import Sequence
from http.client import HTTPException

import hypothesis
from hypothesis import HealthCheck, Phase, given

from tests.e2e.rest import Person
from tests.fuzz.hostile_requests import requests
from tests.fuzz.judging import complaint
from tests.fuzz.operations import ELSEWHERE, Operations
from tests.fuzz.result import Finding, Result, curl
from tests.fuzz.wire import Answer, Connection, Request
from tests.waiting import eventually

_ALIVE = Request("GET", "/health/live")


def attack(url: str, token: str, ids: Sequence[str], result: Result, seed: int, examples: int) -> None:
    """Send so many requests for the owner of the token, who has what `ids` name; add what is answered and found to `result`."""
    connection, operations = Connection(url), Operations()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(requests(token, ids))
    def send(request: Request) -> None:
        label = operations.label(request.method, request.target)
        try:
            answer = connection.send(request)
            result.answers[label, answer.status] += 1
            # An answer to what breaks HTTP is not one of an operation.
            path = None if label == ELSEWHERE or answer.status == 400 else request.target
            wrong = complaint(request.method, path, answer.status, answer.headers, answer.body)
            wrong = wrong or _afterwards(connection, answer)
        except (OSError, HTTPException) as error:
            wrong = f"answers nothing: {error!r}"
        if wrong:
            result.add(Finding(label, wrong, curl(request.method, url + request.target, request.headers, request.body)))

    send()
    connection.close()


async def belongings(person: Person) -> list[str]:
    """Ids of a task, a comment and a notification of theirs."""
    task = await person.creates()
    comment = (await person.post(f"/api/tasks/{task['id']}/comments", {"body": "Done"})).expect(201)
    notifications = await eventually(person.notifications)
    return [task["id"], comment["id"], notifications[0]["id"]]


def _afterwards(connection: Connection, answer: Answer) -> str:
    """What is wrong with a connection that was not closed."""
    if answer.closes:
        return ""
    try:
        return "" if connection.send(_ALIVE).status == 200 else "spoils its connection"
    except (OSError, HTTPException) as error:
        return f"spoils its connection: {error!r}"
