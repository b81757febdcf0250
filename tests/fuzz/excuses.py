"""What Schemathesis cannot know of the platform. Everything that it complains of otherwise is a finding."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import AllowHeaderMismatch

# What is said of a value that fits its schema, because JSON Schema has no words for what is wrong.
_BEYOND_SCHEMAS = re.compile(
    # Nobody can make up what only an earlier answer has.
    "is not a token of this list"
    # There is no comparing of durations,
    "|must last between .*|must be a duration .*"
    # no counting of bytes,
    "|must have at most [0-9]+ bytes"
    # and what there is of these is a service's to know.
    "|must have a letter or a digit|must be one of: task[.].*|must be the name of an IANA time zone.*"
    "|is nobody's id or e-mail address"
)
# What a deleted task still has, for 30 days.
_AFTER_DELETION = ("/history", "/restore")
FILES = ("text/csv", "application/x-ndjson")

FilterFailure: TypeAlias = Callable[[HookContext, Failure, Case[Any], Response], bool]


def filter_of(paths: Mapping[str, Mapping[str, Any]]) -> FilterFailure:
    """From a failure to whether it is one. `paths` is that part of the document."""
    patterns = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in paths}
    methods = {path: {method.upper() for method in item} for path, item in paths.items()}

    def is_of_other_paths(failure: AllowHeaderMismatch, path: str) -> bool:
        """/tasks/export is /tasks/{id} as well, whose methods may be used there."""
        allowed = set().union(*(methods[each] for each, pattern in patterns.items() if pattern.fullmatch(path)))
        return not failure.missing_methods and set(failure.undocumented_methods) <= allowed

    def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
        if isinstance(failure, AllowHeaderMismatch):
            return not is_of_other_paths(failure, case.operation.path)
        if failure.checks == ("use_after_free",):
            return not case.operation.path.endswith(_AFTER_DELETION)
        if failure.checks == ("positive_data_acceptance",):
            # An empty file is made whatever the schema says of its length.
            is_empty_file = case.media_type in FILES and not response.request.body
            return not is_empty_file and not _is_beyond_schemas(response)
        if failure.checks == ("negative_data_rejection",):
            # A file is text, also where something else was to be sent.
            return case.media_type not in FILES or _negated(case) != {ParameterLocation.BODY}
        return True

    return filter_failure


def _negated(case: Case[Any]) -> set[ParameterLocation]:
    """The parts of the request that are to be wrong."""
    components = case.meta.components if case.meta is not None else {}
    return {location for location, component in components.items() if component.mode.is_negative}


def _is_beyond_schemas(response: Response) -> bool:
    if response.status_code != 400:
        return False
    errors = response.json().get("errors", [])
    return bool(errors) and all(_BEYOND_SCHEMAS.fullmatch(error["message"]) for error in errors)
