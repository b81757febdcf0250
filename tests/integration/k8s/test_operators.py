"""The stores that operators run: what our resources must say, since the operators' own pods are not among the manifests."""

from typing import Any

import pytest
import yaml

from dev.k8s.manifests import FOLDER, Manifests
from dev.k8s.rendering import base, files
from tests.integration.k8s.overlays import container, named

COMPONENT = FOLDER / "components/operators"
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
# Those that the operators make.
CONTAINERS = {
    "rabbitmq-cluster": {"setup-container", "rabbitmq"},
    "mongodb-community": {"mongod-posthook", "mongodb-agent-readinessprobe", "mongod", "mongodb-agent"},
}


def spec_of(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load((COMPONENT / f"{name}.yaml").read_text())["spec"]
    return spec


def pod_of(name: str) -> dict[str, Any]:
    spec = spec_of(name)
    pod: dict[str, Any] = spec.get("override", spec)["statefulSet"]["spec"]["template"]["spec"]
    return pod


@pytest.mark.parametrize("name", CONTAINERS)
def test_their_pods_are_let_into_a_restricted_namespace(name: str) -> None:
    pod = pod_of(name)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["enableServiceLinks"] is False
    contexts = {each["name"]: each["securityContext"] for each in [*pod["initContainers"], *pod["containers"]]}
    assert contexts == dict.fromkeys(CONTAINERS[name], RESTRICTED)


def component() -> Manifests:
    return Manifests([each for path, each in files() if path.is_relative_to(COMPONENT)])


def test_the_agent_of_mongodb_reaches_the_api_server_and_may_note_on_its_pod_how_far_it_is() -> None:
    """Or no member is ever ready."""
    manifests = component()
    ways = named(manifests, "NetworkPolicy", "mongodb")["spec"]["egress"]
    assert {"ports": [{"port": 443}, {"port": 6443}]} in ways
    account = pod_of("mongodb-community")["serviceAccountName"]
    bound = named(manifests, "RoleBinding", account)
    assert bound["subjects"] == [{"kind": "ServiceAccount", "name": account}]
    rules = {each["resources"][0]: each for each in named(manifests, "Role", bound["roleRef"]["name"])["rules"]}
    assert rules["pods"]["verbs"] == ["get", "patch", "delete"]
    assert rules["secrets"]["resourceNames"] == ["mongodb-config"]


def test_mongodb_shows_a_certificate_of_the_ca_that_processes_have() -> None:
    manifests = component()
    tls = spec_of("mongodb-community")["security"]["tls"]
    certificate = named(manifests, "Certificate", "mongodb")["spec"]
    assert tls["certificateKeySecretRef"] == tls["caCertificateSecretRef"] == {"name": certificate["secretName"]}
    assert set(certificate["usages"]) == {"server auth", "client auth"}
    theirs = [
        each for path, each in files() if each["kind"] == "Certificate" and each["metadata"]["name"] in ("user-svc", "task-svc")
    ]
    assert [each["spec"]["issuerRef"] for each in theirs] == [certificate["issuerRef"]] * 2
    for process in ("user-svc", "task-svc", "notify-svc"):
        assert "/run/unified/certificate" in [each["mountPath"] for each in container(base(), process)["volumeMounts"]]


def test_transactions_that_nobody_ends_are_ended_soon_wherever_mongodb_runs() -> None:
    of_operator = spec_of("mongodb-community")["additionalMongodConfig"]["setParameter"]
    text = (FOLDER / "components/mongodb/stateful-set.yaml").read_text()
    assert of_operator == {"transactionLifetimeLimitSeconds": 10}
    assert "--setParameter, transactionLifetimeLimitSeconds=10" in text


def test_mongodb_says_what_it_needs() -> None:
    spec = spec_of("mongodb-community")["statefulSet"]["spec"]
    assert {each["metadata"]["name"] for each in spec["volumeClaimTemplates"]} == {"data-volume", "logs-volume"}
    for each in spec["template"]["spec"]["containers"]:
        resources = each["resources"]
        assert resources["limits"]["memory"] == resources["requests"]["memory"]
        assert resources["requests"]["cpu"]
