"""What every pod of ours says, whatever runs in it."""

import pytest

from dev.k8s.manifests import Manifests, Pod
from dev.k8s.rendering import files

PODS = Manifests([each for _, each in files()]).pods()


@pytest.mark.parametrize("pod", PODS, ids=lambda pod: pod.owner)
def test_names_of_services_are_no_settings(pod: Pod) -> None:
    """Kubernetes would tell each container of the services in its namespace: of `redis` in REDIS_PORT, which is a setting."""
    assert pod.spec["enableServiceLinks"] is False
