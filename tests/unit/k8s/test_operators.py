"""The stores that operators run: what our resources must say, since the operators' own pods are not among the manifests."""

from typing import Any

import pytest
import yaml

from dev.k8s.manifests import FOLDER

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
    contexts = {each["name"]: each["securityContext"] for each in [*pod["initContainers"], *pod["containers"]]}
    assert contexts == dict.fromkeys(CONTAINERS[name], RESTRICTED)
