"""Kinds and fields that nobody knows are found."""

from typing import Any

import pytest

from dev.k8s.manifests import name_of
from dev.k8s.rendering import files
from dev.k8s.schemas import OPERATORS, schema_problems


def manifest(name: str) -> dict[str, Any]:
    return next(each for _, each in files() if name_of(each) == name)


def test_a_misspelt_field_is_found() -> None:
    deployment = manifest("Deployment gateway")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["readynessProbe"] = container.pop("readinessProbe")
    assert "'readynessProbe' was unexpected" in schema_problems(deployment)[0]


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        (
            "NetworkPolicy gateway",
            {"kind": "NetworkPolcy"},
            "NetworkPolcy gateway: networking.k8s.io/v1 has no kind NetworkPolcy",
        ),
        ("Deployment gateway", {"apiVersion": "apps/v2"}, "Deployment gateway: apps/v2 has no kind Deployment"),
        ("Certificate gateway", {"kind": "Certificat"}, "Certificat gateway: cert-manager.io/v1 has no kind Certificat"),
        ("Issuer mesh", {"apiVersion": "cert-manager.io/v3"}, "Issuer mesh: cert-manager.io/v3 has no kind Issuer"),
    ],
)
def test_an_unknown_kind_is_found(name: str, change: dict[str, str], problem: str) -> None:
    assert schema_problems(manifest(name) | change) == [problem]


def test_what_has_no_name_is_found() -> None:
    assert schema_problems({"apiVersion": "v1", "kind": "ServiceAccount"})[0].startswith(
        "apiVersion, kind or metadata.name is missing"
    )


def test_each_kind_of_an_operator_is_looked_at() -> None:
    ours = [each for _, each in files() if (each["apiVersion"], each["kind"]) in OPERATORS]
    assert {each["kind"] for each in ours} == {kind for _, kind in OPERATORS}
    for each in ours:
        each["spec"]["replcas"] = 3
        assert schema_problems(each) == [f"{name_of(each)}: its spec has no field replcas"]
