"""Probes ask for what is answered."""

import pytest

from dev.k8s.manifests import Manifests
from dev.k8s.probes import PROBES
from gateway.openapi.pages import page_paths
from gateway.openapi.problems import Problems
from tests.integration.k8s.overlays import Break, container, problems_when


def ask_for_nobody(m: Manifests) -> None:
    container(m, "task-svc")["livenessProbe"]["grpc"]["service"] = "lvie"


def restart_who_waits(m: Manifests) -> None:
    del container(m, "task-svc")["startupProbe"]["grpc"]["service"]


def send_to_whoever_lives(m: Manifests) -> None:
    container(m, "user-svc")["readinessProbe"]["grpc"]["service"] = "live"


def ask_for_no_page(m: Manifests) -> None:
    container(m, "gateway")["readinessProbe"]["httpGet"]["path"] = "/healthz"


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (ask_for_nobody, "Deployment task-svc needs a livenessProbe by grpc that asks for the service 'live'"),
        (restart_who_waits, "Deployment task-svc needs a startupProbe by grpc that asks for the service 'live'"),
        (send_to_whoever_lives, "Deployment user-svc needs a readinessProbe by grpc that asks for the service ''"),
        (ask_for_no_page, "Deployment gateway needs a readinessProbe by httpGet that asks for the path '/health/ready'"),
    ],
)
def test_what_is_broken_is_said(break_it: Break, problem: str) -> None:
    assert problem in problems_when(break_it, "staging")


def test_the_gateway_has_the_pages_that_it_is_asked_for() -> None:
    assert {path for _, path in PROBES.values()} <= page_paths(Problems({})).keys()
