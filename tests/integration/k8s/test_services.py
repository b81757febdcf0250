"""What leads to ports, or asks them, leads to those that are open."""

from typing import Any

import pytest

from dev.k8s.manifests import Manifests
from tests.integration.k8s.overlays import Break, named, problems_when, settings


def backend(m: Manifests) -> dict[str, Any]:
    service: dict[str, Any] = named(m, "Ingress", "unified")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    return service


def lead_to_nobody(m: Manifests) -> None:
    backend(m)["name"] = "gatway"


def lead_to_a_service(m: Manifests) -> None:
    backend(m).update(name="task-svc", port={"name": "grpc"})


def lead_to_another_port(m: Manifests) -> None:
    backend(m)["port"] = {"number": 3000}


def lead_to_the_numbers(m: Manifests) -> None:
    named(m, "Service", "task-svc")["spec"]["ports"][0]["targetPort"] = "metrics"


def listen_to_oneself(m: Manifests) -> None:
    settings(m)["BIND_ADDRESS"] = "127.0.0.1"


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (listen_to_oneself, "Deployment gateway must listen at all addresses: BIND_ADDRESS must be one of 0.0.0.0, ::"),
        (lead_to_nobody, "Ingress unified must lead to a port of Service gateway, which gatway:http is not"),
        (lead_to_a_service, "Ingress unified must lead to a port of Service gateway, which task-svc:grpc is not"),
        (lead_to_another_port, "Ingress unified must lead to a port of Service gateway, which gateway:3000 is not"),
        (lead_to_the_numbers, "Service task-svc does not lead to the port 3002 of TASK_SERVICE_PORT"),
    ],
)
def test_what_is_broken_is_said(break_it: Break, problem: str) -> None:
    assert problem in problems_when(break_it, "production")


def select_nobody(m: Manifests) -> None:
    named(m, "PodMonitor", "unified")["spec"]["selector"]["matchExpressions"][0]["values"] = ["tasks"]


def forget_process(m: Manifests) -> None:
    named(m, "PodMonitor", "unified")["spec"]["selector"]["matchExpressions"][0]["values"].remove("task-svc")


def ask_elsewhere(m: Manifests) -> None:
    named(m, "PodMonitor", "unified")["spec"]["podMetricsEndpoints"][0]["port"] = "health"


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (select_nobody, "PodMonitor unified selects no pods"),
        (forget_process, "no PodMonitor asks Deployment task-svc at its TASK_SERVICE_METRICS_PORT"),
        (ask_elsewhere, "PodMonitor unified asks the port health, which Deployment gateway does not have"),
    ],
)
def test_a_monitor_that_asks_nobody_is_found(break_it: Break, problem: str) -> None:
    assert problem in problems_when(break_it, "dev", "monitoring")
