"""Autoscalers that cannot scale, and pods that are not spread as they seem to be, are found."""

from typing import Any

import pytest

from dev.k8s.manifests import Manifests
from tests.integration.k8s.overlays import Break, container, named, pod, problems_when


def scaler(m: Manifests) -> dict[str, Any]:
    spec: dict[str, Any] = named(m, "HorizontalPodAutoscaler", "task-svc")["spec"]
    return spec


def measure_what_is_not_there(m: Manifests) -> None:
    scaler(m)["metrics"][0]["resource"]["name"] = "cpus"


def measure_what_is_not_requested(m: Manifests) -> None:
    del container(m, "task-svc")["resources"]["requests"]["cpu"]


def measure_otherwise(m: Manifests) -> None:
    scaler(m)["metrics"] = [{"type": "Pods", "pods": {"metric": {"name": "calls"}}}]


def misspell_measure(m: Manifests) -> None:
    scaler(m)["metrics"][0]["type"] = "Resorce"


def leave_no_room(m: Manifests) -> None:
    scaler(m)["maxReplicas"] = 2


def spread_others(m: Manifests) -> None:
    selector = pod(m, "gateway")["spec"]["topologySpreadConstraints"][0]["labelSelector"]
    selector["matchLabels"]["app.kubernetes.io/name"] = "gatway"


def spread_whoever(m: Manifests) -> None:
    del pod(m, "user-svc")["spec"]["topologySpreadConstraints"][1]["labelSelector"]


def spread_other_members(m: Manifests) -> None:
    rules = named(m, "RabbitmqCluster", "rabbitmq")["spec"]["affinity"]["podAntiAffinity"]
    rules["requiredDuringSchedulingIgnoredDuringExecution"][0]["labelSelector"]["matchLabels"] = {"app": "rabbitmq"}


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (
            measure_what_is_not_there,
            "HorizontalPodAutoscaler task-svc measures cpus, which not every container of its pods requests",
        ),
        (
            measure_what_is_not_requested,
            "HorizontalPodAutoscaler task-svc measures cpu, which not every container of its pods requests",
        ),
        (measure_otherwise, "HorizontalPodAutoscaler task-svc measures Pods, which not every container of its pods requests"),
        (misspell_measure, "HorizontalPodAutoscaler task-svc measures Resorce, which not every container of its pods requests"),
        (leave_no_room, "HorizontalPodAutoscaler task-svc keeps 3 or more, and 2 at most"),
        (
            spread_whoever,
            "Deployment user-svc must be spread over kubernetes.io/hostname",
        ),
        (
            spread_others,
            "Deployment gateway is spread by {'matchLabels': {'app.kubernetes.io/name': 'gatway'}}, which does not select it",
        ),
        (
            spread_other_members,
            "RabbitmqCluster rabbitmq is spread by {'matchLabels': {'app': 'rabbitmq'}}, which does not select it",
        ),
    ],
)
def test_what_is_broken_is_said(break_it: Break, problem: str) -> None:
    assert problem in problems_when(break_it, "production")
