"""What nginx decides itself, against the contracts and the gateway."""

import re
from pathlib import Path

import pytest
from unified.api.v1 import options_pb2

from gateway.app import PROCESSES
from gateway.bindings import build_bindings
from gateway.buckets import SCOPES, Scope
from gateway.contract import load_contract
from gateway.handler import _SANE_REQUEST_ID
from gateway.settings import GatewaySettings
from gateway.templates import VARIABLE
from mesh.certificates import dns_name

NGINX = Path(__file__).parents[2] / "infra" / "nginx"
MAIN, SITE, LIMITS = ((NGINX / f"{name}.conf").read_text() for name in ("nginx", "site", "limits"))
FOR_PEOPLE = {options_pb2.ACCESS_ANONYMOUS, options_pb2.ACCESS_USER}
LOCATION = re.compile(r"location /(unified\S+)/ \{\s*grpc_ssl_name (\S+);\s*grpc_pass \$mesh://(\S+);")
BY_ADDRESS = {name for name, scope in SCOPES.items() if scope is Scope.ADDRESS}


def decided_by(variable: str, source: str) -> str:
    """What one of nginx's maps of regular expressions makes of it."""
    (block,) = re.findall(rf"map .* {re.escape(variable)} \{{(.*?)\n    \}}", MAIN, re.DOTALL)
    rules: dict[str, str] = dict(re.findall(r'^ *"?(.*?)"? (\S+);$', block, re.MULTILINE))
    default = rules.pop("default")
    return next((value for pattern, value in rules.items() if re.search(pattern.removeprefix("~"), source)), default)


def test_each_service_for_people_is_passed_on_to_its_process_and_no_other_is() -> None:
    wanted = set()
    for service in load_contract().services:
        if {method.GetOptions().Extensions[options_pb2.access] for method in service.methods} & FOR_PEOPLE:
            process = PROCESSES[service.file.package]
            wanted.add((service.full_name, dns_name(process), process))
    assert set(LOCATION.findall(SITE)) == wanted


def test_what_rest_counts_by_address_is_counted_by_address() -> None:
    bindings = build_bindings(load_contract().services)
    wanted = {(bucket, binding.rpc) for binding in bindings for bucket in binding.rest.buckets if bucket in BY_ADDRESS}
    assert set(re.findall(r"map \$uri \$(\w+) \{\s*(\S+) \$binary_remote_addr;\s*\}", LIMITS)) == wanted


def test_an_address_has_as_much_at_once_as_over_rest_in_a_window_and_the_share_of_a_minute_in_each() -> None:
    rates = dict(re.findall(r"zone=(\w+):2m rate=(\d+)r/m;", LIMITS))
    bursts = dict(re.findall(r"limit_req zone=(\w+) burst=(\d+) nodelay;", SITE))
    for name in BY_ADDRESS:
        prefix = "rate_limit" if name == "default" else f"rate_limit_{name}"
        most, window_s = (GatewaySettings.model_fields[f"{prefix}_{field}"].default for field in ("max", "window_seconds"))
        assert (int(bursts.pop(name)) + 1, int(rates.pop(name))) == (most, most * 60 // window_s)
    assert (bursts, rates) == ({}, {})


@pytest.mark.parametrize("key", ["", "key"])
def test_a_write_is_repeated_only_under_a_key_that_its_method_takes(key: str) -> None:
    for binding in build_bindings(load_contract().services):
        path = VARIABLE.sub("665f1f77bcf86cd799439021", binding.template.text)
        for query in ("", "?dryRun=true"):
            decided = decided_by("$may_repeat", f"{binding.verb} {path}{query} {key}")
            if binding.only_reads or (key and binding.accepts_idempotency_key):
                assert decided == "yes", binding
            else:
                # These two nginx would repeat of itself, if it were not told.
                assert decided == ("no" if binding.verb in ("PUT", "DELETE") else '""'), binding


def test_a_request_has_the_name_that_the_gateway_would_take() -> None:
    assert f'"~^{_SANE_REQUEST_ID.pattern}$" $http_x_request_id;' in MAIN
