"""Where secrets of staging and production come from: no overlay reads another one's, and what operators wait for is made."""

import pytest

from dev.k8s.manifests import Manifests
from dev.k8s.rendering import render
from tests.integration.k8s.overlays import NEED_KUBECTL


def keys(manifests: Manifests) -> set[str]:
    """Of the store from which all overlays read."""
    return {item["remoteRef"]["key"] for each in manifests.of("ExternalSecret") for item in each["spec"]["data"]}


@NEED_KUBECTL
def test_staging_reads_nothing_of_productions() -> None:
    staging, production = keys(render("staging")), keys(render("production"))
    assert all(key.startswith("unified-staging/") for key in staging)
    assert all(key.startswith("unified/") for key in production)
    assert {key.partition("/")[2] for key in staging} == {key.partition("/")[2] for key in production}


@NEED_KUBECTL
@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_the_users_that_operators_make_have_passwords(overlay: str) -> None:
    manifests = render(overlay)
    made = {each["spec"]["target"]["name"] for each in manifests.of("ExternalSecret")}
    mongodb, rabbitmq = manifests.of("MongoDBCommunity", "RabbitmqCluster")
    wanted = {user["passwordSecretRef"]["name"] for user in mongodb["spec"]["users"]}
    assert {*wanted, rabbitmq["spec"]["secretBackend"]["externalSecret"]["name"]} <= made
