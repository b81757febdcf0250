"""Which processes may call a method: what its contract says of it."""

import pytest

from mesh.interceptors import Context, Method
from mesh.interceptors.callers import callers, callers_of
from tests.unit.gateway.contracts import service


def method(access: str, callers: str = "") -> Method:
    rpc = f"rpc Ask(Q) returns (A) {{ option (unified.api.v1.access) = {access}; {callers} }}"
    return Method("/test.v1.S/Ask", service(rpc).methods_by_name["Ask"])


@pytest.mark.parametrize(
    ("access", "processes"), [("ACCESS_USER", ["gateway", "nginx", "client"]), ("ACCESS_INTERNAL", ["gateway"])]
)
def test_they_are_those_of_its_access(access: str, processes: list[str]) -> None:
    assert callers_of(method(access).descriptor) == processes


def test_those_that_it_names_are_instead_of_those_of_its_access() -> None:
    named = 'option (unified.api.v1.callers) = "task_svc"; option (unified.api.v1.callers) = "notify_svc";'
    assert callers_of(method("ACCESS_USER", named).descriptor) == ["task_svc", "notify_svc"]


def test_a_method_that_nobody_may_call_stops_the_start() -> None:
    async def handler(request: object, context: Context) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match=r"/test\.v1\.S/Ask names no process that may call it"):
        callers(method("ACCESS_DELEGATED"), handler)
