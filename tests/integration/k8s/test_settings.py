"""Settings that a process would not start with, or never reads, are found in what is rendered."""

import pytest

from dev.k8s.manifests import Manifests
from tests.integration.k8s.overlays import Break, container, problems_when, settings


def misspell(m: Manifests) -> None:
    container(m, "task-svc")["env"].append({"name": "TASK_PURGE_DAY", "value": "7"})


def mistake_for_another(m: Manifests) -> None:
    container(m, "user-svc")["env"].append({"name": "TASK_PURGE_DAYS", "value": "7"})


def shout(m: Manifests) -> None:
    settings(m)["LOG_LEVEL"] = "loud"


def exaggerate(m: Manifests) -> None:
    container(m, "gateway")["env"].append({"name": "RATE_LIMIT_FALLBACK_SHARE", "value": "2"})


def look_elsewhere(m: Manifests) -> None:
    container(m, "notify-svc")["env"][0]["value"] = "/run/unified/setings"


def forget_all(m: Manifests) -> None:
    del container(m, "gateway")["envFrom"]


def drain_for_ever(m: Manifests) -> None:
    settings(m)["DRAIN_SECONDS"] = "ever"


def scatter(m: Manifests) -> None:
    settings(m)["USER_SERVICE_PORT"] = "many"


@pytest.mark.parametrize("overlay", ["dev", "production"])
@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (misspell, "Deployment task-svc does not read the setting TASK_PURGE_DAY"),
        (mistake_for_another, "Deployment user-svc does not read the setting TASK_PURGE_DAYS"),
        (shout, "Deployment gateway: LOG_LEVEL Input should be 'debug', 'info', 'warning' or 'error'"),
        (exaggerate, "Deployment gateway: RATE_LIMIT_FALLBACK_SHARE Input should be less than or equal to 1"),
        (look_elsewhere, "Deployment notify-svc: SETTINGS_DIRECTORY must name a folder that exists"),
        (forget_all, "Deployment gateway: JWT_JWKS_FILE or JWT_SECRET must be set"),
        (drain_for_ever, "Deployment task-svc: DRAIN_SECONDS Input should be a valid number, unable to parse string as a number"),
        (scatter, "Deployment user-svc: USER_SERVICE_PORT Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_what_is_broken_is_said(overlay: str, break_it: Break, problem: str) -> None:
    assert problem in problems_when(break_it, overlay)


def sample(m: Manifests) -> None:
    container(m, "gateway")["env"].append({"name": "OTEL_TRACES_SAMPLER", "value": "always_on"})


def test_what_the_libraries_of_a_process_read_is_known() -> None:
    assert problems_when(sample, "dev") == []
