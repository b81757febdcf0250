"""The components that no overlay has keep the rules with each of them, and say what the code says."""

import re

import pytest
import yaml

from dev.k8s.manifests import FOLDER, Manifests
from dev.k8s.rendering import OVERLAYS, files, optional, render
from dev.k8s.rules import rule_problems
from dev.service import ROOT
from mesh.topology import DEAD_LETTERS, retry_name
from tests.integration.k8s.overlays import NEED_KUBECTL, named
from tests.unit.docs.metrics_page import rows


def component(name: str) -> Manifests:
    return Manifests([each for path, each in files() if path.is_relative_to(FOLDER / "components" / name)])


@NEED_KUBECTL
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_with_all_of_them_every_overlay_keeps_every_rule(overlay: str) -> None:
    assert rule_problems(render(overlay, optional()), overlay) == []


def test_the_page_tells_of_each() -> None:
    page = (ROOT / "docs/kubernetes.md").read_text()
    assert optional()
    assert [name for name in optional() if f"`components/{name}`" not in page] == []


def test_alerts_are_those_of_the_other_prometheus() -> None:
    alerts = yaml.safe_load((ROOT / "infra/prometheus/alerts.yml").read_text())
    assert named(component("monitoring"), "PrometheusRule", "unified")["spec"] == alerts


def test_prometheus_reaches_what_it_asks_of_rabbitmq() -> None:
    monitoring = component("monitoring")
    asked = named(monitoring, "PodMonitor", "rabbitmq")["spec"]["podMetricsEndpoints"][0]["port"]
    pod = component("rabbitmq").pods()[0]
    policy = named(monitoring, "NetworkPolicy", "rabbitmq-metrics")["spec"]["ingress"][0]
    assert policy["ports"] == [{"port": pod.port(asked)}]


def test_notify_svc_is_scaled_by_the_queues_that_it_consumes() -> None:
    spec = named(component("queue-scaling"), "ScaledObject", "notify-svc")["spec"]
    # KEDA refuses it where the processor is a trigger as well.
    assert "fallback" not in spec
    query = spec["triggers"][1]["metadata"]["query"]
    found = re.search(r'(unified_\w+)\{namespace="unified",queue!~"(.*)"\}', query)
    assert found
    assert found[1] in {row.metric for row in rows() if {"queue"} == row.labels and row.processes == {"notify_svc"}}
    left_out = [queue for queue in ("task_created", retry_name(1), DEAD_LETTERS) if re.fullmatch(found[2], queue)]
    assert left_out == [retry_name(1), DEAD_LETTERS]


@NEED_KUBECTL
def test_three_are_kept_whoever_scales() -> None:
    manifests = render("production", optional())
    named(manifests, "ScaledObject", "notify-svc")["spec"]["minReplicaCount"] = 2
    assert rule_problems(manifests, "production") == ["ScaledObject notify-svc must keep 3 or more"]
