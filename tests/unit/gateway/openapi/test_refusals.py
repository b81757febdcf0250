"""How a binding may fail: by its shape, and as its method says."""

import pytest

from gateway.bindings import Binding, build_bindings
from gateway.contract import ContractError, load_contract
from gateway.openapi.refusals import refusals
from tests.unit.gateway.contracts import service

BINDINGS = {(each.verb, each.template.text): each for each in build_bindings(load_contract().services)}
HEADER = 'option (google.api.http) = {post: "/q" body: "*"}; option (unified.api.v1.access) = ACCESS_USER;'
ANY = {
    400: ["invalid_argument"],
    429: ["rate_limited"],
    500: ["internal"],
    503: ["unavailable", "overloaded"],
    504: ["deadline_exceeded"],
}


def codes(binding: Binding) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for rule in refusals(binding):
        found.setdefault(rule.http_status, []).append(rule.code)
    return found


def refusing(*reasons: str) -> Binding:
    options = "".join(f"option (unified.error.v1.refuses) = {reason};" for reason in reasons)
    [binding] = build_bindings([service(f"rpc Ask(Q) returns (A) {{ {HEADER} {options} }}")])
    return binding


def test_a_method_may_fail_by_its_shape_and_as_it_says() -> None:
    assert codes(BINDINGS["POST", "/api/users/login"]) == ANY | {
        401: ["invalid_credentials"],
        413: ["body_too_large"],
        415: ["unsupported_media_type"],
    }
    assert codes(BINDINGS["PATCH", "/api/tasks/{task_id}/comments/{id}"]) == ANY | {
        401: ["unauthenticated"],
        403: ["permission_denied"],
        404: ["route_not_found", "task_not_found", "comment_not_found"],
        409: ["idempotency_in_progress"],
        412: ["etag_mismatch"],
        413: ["body_too_large"],
        415: ["unsupported_media_type"],
        422: ["idempotency_key_reused"],
    }
    assert codes(BINDINGS["GET", "/api/notifications/stream"]) == ANY | {
        401: ["unauthenticated"],
        429: ["rate_limited", "too_many_streams"],
    }


@pytest.mark.parametrize(
    ("reasons", "complaint"),
    [
        (["REASON_UNSPECIFIED"], "test.v1.S.Ask refuses with 0, which is no reason"),
        (["REASON_TASK_NOT_FOUND"] * 2, "says twice, or after its other options, that it refuses with REASON_TASK_NOT_FOUND"),
        (["REASON_UNAUTHENTICATED"], "says twice, or after its other options, that it refuses with REASON_UNAUTHENTICATED"),
    ],
)
def test_a_method_that_says_what_is_no_reason_or_follows_anyway_is_refused(reasons: list[str], complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        refusals(refusing(*reasons))
