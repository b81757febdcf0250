"""Everything that the OpenAPI document says, tried by Schemathesis: valid and invalid requests to each operation, and sequences
of them that pass on ids, under every check that there is."""

import secrets
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import schemathesis
from schemathesis import Case, HookContext, Response, hooks
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from gateway.sse import CONTENT_TYPE as EVENT_STREAM
from tests.fuzz.cases import BeforeCall, at_most, refreshing
from tests.fuzz.excuses import filter_of
from tests.fuzz.result import Finding, Result

# What may also become of a valid request: it depends on what is stored.
_LATER = [412, 422]


def explore(
    url: str, token: str, result: Result, seed: int, examples: int, *, of_a_kind: int | None = None, seconds: int | None = None
) -> None:
    """Add what is answered and found to `result`. Of each operation come so many examples, and every limit that the document
    names with its breach, or no more than so many of a kind; with `seconds`, more examples until the time is up."""
    document = _document(url)
    schema = schemathesis.openapi.from_dict(document, config=_config(url, token, seed, examples, seconds))
    schema.hook("after_call")(_counting(result))
    schema.hook("filter_failure")(filter_of(document["paths"]))
    if of_a_kind is not None:
        schema.hook("filter_case")(at_most(of_a_kind))
    with _before_calls(refreshing()):
        for event in from_schema(schema).execute():
            _take(event, result)


def _document(url: str) -> Any:
    """As it is served, but with the schema of one event where OpenAPI 3.1 only has one of the whole stream."""
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        # Nobody has registered with the examples' address yet.
        document = orjson.loads(answer.read().replace(b"ada@example.com", f"ada.{secrets.token_hex(6)}@example.com".encode()))
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                if stream := response.get("content", {}).get(EVENT_STREAM):
                    stream["schema"] = stream["x-itemSchema"]
    return document


def _config(url: str, token: str, seed: int, examples: int, seconds: int | None) -> schemathesis.Config:
    config = {
        "seed": seed,
        "base-url": url,
        "headers": {"Authorization": f"Bearer {token}"},
        "request-timeout": 30,
        # Streams do not end by themselves: what comes at once is looked at. One that has not begun by then is asked for again.
        "operations": [{"include-path-regex": "/stream$", "request-timeout": 1, "request-retries": 3}],
        "max-stream-events": 3,
        # That much of what it draws is thrown away (hardly any text is no file to import) is nothing that the platform does.
        "suppress-health-check": ["filter_too_much"],
        "cache": {"enabled": False},
        "output": {"sanitization": {"enabled": False}},
        "generation": {"max-examples": examples, "database": "none", "no-shrink": seconds is not None},
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", 401, 403, 404, 409, *_LATER, 429]}},
        **({"max-time": seconds} if seconds else {}),
    }
    return schemathesis.Config.from_dict(config)


def _counting(result: Result) -> Callable[[HookContext, Case[Any], Response], None]:
    def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
        result.answers[case.operation.label, response.status_code] += 1

    return after_call


@contextmanager
def _before_calls(hook: BeforeCall) -> Iterator[None]:
    # The only hook that meets the requests of all phases, and it is the whole process's.
    schemathesis.hook("before_call")(hook)
    try:
        yield
    finally:
        hooks.unregister(hook)


def _take(event: events.EngineEvent, result: Result) -> None:
    if isinstance(event, events.ScenarioFinished):
        _take_failures(event.recorder, result)
    elif isinstance(event, events.NonFatalError):
        result.add(Finding(event.label, f"{event.info.title}: {event.info.message}", f"in the phase {event.phase}"))
    elif isinstance(event, events.FatalError):
        raise event.exception


def _take_failures(recorder: ScenarioRecorder, result: Result) -> None:
    for case_id, checks in recorder.checks.items():
        label = recorder.cases[case_id].value.operation.label
        for check in checks:
            if check.failure_info is None:
                continue
            answer = recorder.interactions[case_id].response
            shown = answer and (answer.status_code, answer.content[:500])
            what = f"{check.name}\n{check.failure_info.failure.message}\nAnswer: {shown}"
            result.add(Finding(label, what, check.failure_info.code_sample))
