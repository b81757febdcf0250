"""What the contracts make of the buckets: which a method takes from, and what cannot be counted."""

import pytest

from gateway.bindings import Binding, build_bindings
from gateway.buckets import DEFAULT, SCOPES, account_of, buckets_of, charges_of
from gateway.contract import ContractError, load_contract
from gateway.settings import GatewaySettings
from tests.unit.gateway.contracts import service
from user_svc.model import email_key

SETTINGS = GatewaySettings(jwt_secret="0123456789abcdefghijklmnopqrstuv", redis_url="redis://nowhere")
BUCKETS = buckets_of(SETTINGS)
HEADER = 'option (google.api.http) = {post: "/q" body: "*"}; option (unified.api.v1.access) = '


def binding_with(rest: str, access: str = "ACCESS_USER") -> Binding:
    methods = f"rpc Ask(Q) returns (A) {{ {HEADER}{access}; option (unified.api.v1.rest) = {{{rest}}}; }}"
    return build_bindings([service(methods)])[0]


def test_every_bucket_has_its_settings_and_every_setting_its_bucket() -> None:
    named = {f"rate_limit_{'' if name == DEFAULT else name + '_'}" for name in SCOPES}
    fields = {field for field in GatewaySettings.model_fields if field.startswith("rate_limit_")}

    assert {f"{name}{part}" for name in named for part in ("max", "window_seconds")} == fields - {
        "rate_limit_fallback_share",
        "rate_limit_ipv6_prefix",
    }


def test_a_method_takes_from_its_address_at_once_and_from_accounts_and_users_when_it_is_read() -> None:
    bindings = {binding.template.text: binding for binding in build_bindings(load_contract().services)}
    login = charges_of(bindings["/api/users/login"], BUCKETS)
    upload = charges_of(bindings["/api/tasks/upload"], BUCKETS)

    assert [charge.bucket.name for charge in login.first] == ["default", "login"]
    assert [charge.bucket.name for charge in login.then] == ["login_account"]
    assert [charge.bucket.name for charge in upload.first] == ["default"]
    assert [charge.bucket.name for charge in upload.then] == ["write"]


def test_a_cost_is_taken_from_the_methods_own_buckets_and_at_most_all_of_them() -> None:
    charges = charges_of(binding_with('buckets: ["login", "write"] cost: 30'), BUCKETS)

    assert [(charge.bucket.name, charge.cost) for charge in (*charges.first, *charges.then)] == [
        ("default", 1),
        ("login", 20),
        ("write", 30),
    ]


@pytest.mark.parametrize(
    ("rest", "access", "complaint"),
    [
        ('buckets: "guess"', "ACCESS_USER", "test.v1.S.Ask names the bucket 'guess', which has no settings"),
        ('buckets: "write"', "ACCESS_ANONYMOUS", "names the bucket 'write', which counts users, but asks nobody to be signed in"),
        ('buckets: "login_account"', "ACCESS_USER", "which counts accounts, but has no field 'email'"),
        ('buckets: "default"', "ACCESS_USER", "names the bucket 'default' where it is counted anyway"),
        ('buckets: ["write", "write"]', "ACCESS_USER", "names the bucket 'write' where it is counted anyway"),
        ("cost: 3", "ACCESS_USER", "has a cost, but names no bucket"),
    ],
)
def test_what_cannot_be_counted_stops_the_start(rest: str, access: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        charges_of(binding_with(rest, access), BUCKETS)


def test_every_method_that_changes_something_has_a_bucket_of_its_own() -> None:
    lacking = [each.name for each in build_bindings(load_contract().services) if not (each.only_reads or each.rest.buckets)]

    assert lacking == [], 'name what it takes from: option (unified.api.v1.rest) = {buckets: "write"}'


def test_an_account_is_the_same_in_every_form_of_its_address() -> None:
    forms = ["ada@example.com", "ADA@Example.com", "\uff21da@example.com"]

    assert len({account_of(form) for form in forms}) == 1
    assert len({email_key(form) for form in forms}) == 1
    assert account_of("bob@example.com") != account_of("ada@example.com")
    assert "ada" not in account_of("ada@example.com")
